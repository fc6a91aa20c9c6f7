import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../../rig/profile/index.ts';
import type { DirectorySpecification } from '../../../src/applet/image/specification.ts';
import { broken, world } from './small-profile.ts';

/** The application of the small profile, whose environments are 1 `code` and 2 `holder`. */
function application(from: string, to: string): DirectorySpecification {
  const { masterFile } = parseProfile(broken([from, to]).text, 'x.yaml', world());
  return masterFile.children.find((child) => child.fid === 0xe000) as DirectorySpecification;
}

// b8 all conditions needed, b7 secure messaging, b6 external authentication, b5 user authentication, b4 to b1 environment.
describe('conditions in words', () => {
  it.each([
    ['always', 0x00],
    ['never', 0xff],
    ['code', 0x11],
    ['holder', 0x12],
    ['secure-messaging', 0x40],
    ['external-authentication', 0x20],
    ['{ all: [code] }', 0x11],
    ['{ any: [code, secure-messaging] }', 0x51],
    ['{ all: [code, secure-messaging] }', 0xd1],
    ['{ all: [secure-messaging, external-authentication, holder] }', 0xf2],
    ['{ any: [external-authentication, secure-messaging] }', 0x60],
  ])('%s: %i', (words, byte) => {
    const { children } = application(
      'capacity: 1\n          access: { read: code }',
      `capacity: 1\n          access: { read: ${words} }`,
    );
    for (const name of ['contact', 'contactless', 'wired'] as const) {
      expect(children[0]?.access[name]).toEqual([byte, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    }
  });

  it('are for each interface, and never where an interface is left out', () => {
    const from = 'access: { read: { contact: code, contactless: holder } }';
    const { access } = application(
      from,
      'access: { update: { contact: code, contactless: { all: [holder, secure-messaging] } } }',
    ).children[1]!;
    expect(access).toEqual({
      contact: [0xff, 0x11, 0xff, 0xff, 0xff, 0xff, 0xff],
      contactless: [0xff, 0xd2, 0xff, 0xff, 0xff, 0xff, 0xff],
      wired: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    });
  });

  it('have seven modes for a file and seven for a directory, b1 first', () => {
    const files = application(
      'access: { read: { contact: code, contactless: holder } }',
      'access: { delete: always, terminate: { any: [secure-messaging] }, activate: code, deactivate: holder, append: external-authentication, update: never, read: always }',
    );
    expect(files.children[1]?.access.contact).toEqual([0x00, 0xff, 0x20, 0x12, 0x11, 0x40, 0x00]);
    const directory = application(
      'name: F0 61 62 63 64',
      'name: F0 61 62 63 64\n      access: { delete-child: always, create-file: code, create-directory: holder, activate: secure-messaging }',
    );
    expect(directory.access.wired).toEqual([0x00, 0x11, 0x12, 0xff, 0x40, 0xff, 0xff]);
  });

  it('hold for presenting a code, too', () => {
    const { pins } = application(
      '          access: always\n',
      '          access: { contact: always, contactless: secure-messaging }\n',
    );
    expect(pins[0]?.access).toEqual({ contact: 0x00, contactless: 0x40, wired: 0xff });
    expect(pins[1]?.access).toEqual({ contact: 0xff, contactless: 0xff, wired: 0xff });
  });
});
