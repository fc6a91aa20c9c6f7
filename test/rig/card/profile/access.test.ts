import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../../../rig/card/profile/index.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import type { DirectorySpecification, RecordFileSpecification } from '../../../../src/applet/image/specification.ts';
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

  // 80 access mode byte, A0 one of, AF all of, A7 none of, A4 a code or a key, 9E a security condition byte.
  const code = 'A406830181950108';
  it.each([
    ['{ not: code }', `800101 A708${code}`],
    ['{ all: [code, { not: holder }] }', `800101 AF0D${code}A7039E0112`],
    ['{ any: [code, holder] }', `800101 A00B${code}9E0112`],
    ['{ all: [code, holder, secure-messaging] }', `800101 AF0E${code}9E01129E0140`],
    ['{ any: [{ all: [code, holder] }, external-authentication] }', `800101 A010AF0B${code}9E01129E0120`],
    ['{ external-authentication: "05" }', '800101 A406830105950180'],
    ['{ any: [always, { not: never }] }', '800101 A0069000A7029700'],
  ])('%s is expanded', (words, value) => {
    const { children } = application(
      'capacity: 1\n          access: { read: code }',
      `capacity: 1\n          access: { read: ${words} }`,
    );
    for (const name of ['contact', 'contactless', 'wired'] as const) {
      expect(children[0]?.access[name]).toEqual(new Array(7).fill(0xff));
      expect(children[0]?.attributes?.[name]).toEqual({ form: 'expanded', value: fromHex(value) });
    }
  });

  it('are expanded on the interface that needs it, all modes together, and compact on the others', () => {
    const file = application(
      'access: { read: { contact: code, contactless: holder } }',
      'access: { read: { contact: { not: code }, contactless: holder }, update: { contact: { not: code } }, append: code }',
    ).children[1]!;
    const value = fromHex(`800103 A708${code} 800104 ${code}`);
    expect(file.attributes).toEqual({ contact: { form: 'expanded', value } });
    expect(file.access.contactless).toEqual([0x12, 0xff, 0x11, 0xff, 0xff, 0xff, 0xff]);
  });

  it('may be records of an EF.ARR, for each interface', () => {
    const file = application(
      'access: { read: code }\n          records: [{ hex: 01 02 }, { text: ab }]',
      'access: { rule: { contact: 2, wired: 1 }, in: E006 }\n          records: [{ hex: 01 02 }, { text: ab }]\n' +
        '        - fid: E006\n          structure: linear-variable\n          recordSize: 40\n          capacity: 2\n' +
        '          records: [{ rules: { read: always } }, { rules: { read: code, create-file: { not: code } } }]',
    );
    expect(file.children.find(({ fid }) => fid === 0xe005)?.attributes).toEqual({
      contact: { form: 'referenced', value: fromHex('E00602') },
      wired: { form: 'referenced', value: fromHex('E00601') },
    });
    const rules = file.children.find(({ fid }) => fid === 0xe006) as RecordFileSpecification;
    expect(rules.records.map((record) => toHex(record))).toEqual(['8001019000', `800101${code}800102A708${code}`]);
  });

  it('may be bytes of the expanded format', () => {
    const file = application(
      'capacity: 1\n          access: { read: code }',
      'capacity: 1\n          access: { expanded: 84 01 B2 90 00 }',
    ).children[0]!;
    expect(file.attributes?.wired).toEqual({ form: 'expanded', value: fromHex('8401B29000') });
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
