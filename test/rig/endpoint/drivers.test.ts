import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { CardSource } from '../../../rig/card/card-source.ts';
import { CHECKS } from '../../../rig/doctor/checks/index.ts';
import { LINK_FORMS, LINKS, parseLink } from '../../../rig/endpoint/links.ts';
import { readerAndCard, type VerbHabits } from '../../../rig/endpoint/reader-and-card.ts';
import { parseReader, READER_FORMS, READERS } from '../../../rig/endpoint/readers.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TABLES = [
  ['--reader', READERS, READER_FORMS, parseReader],
  ['--link', LINKS, LINK_FORMS, parseLink],
] as const;

/** What stands in a form for a value, and one. */
const EXAMPLES: Readonly<Record<string, string>> = {
  NAME: 'ACS ACR122U',
  HOST: 'desk',
  'HOST:PORT': 'desk:35963',
  PORT: '/dev/ttyUSB0',
  'PORT,raw': '/dev/ttyUSB0,raw',
};

describe.each(TABLES)('%s', (option, table, forms, parse) => {
  const rows = Object.entries(table);

  it.each(rows)('%s takes each of its forms, and needs what the doctor looks at', (name, row) => {
    for (const form of row.forms) {
      const [, driver, value] = /^([^:]+)(?::(.*))?$/.exec(form) ?? [];
      expect(driver).toBe(name);
      expect(parse(value === undefined ? name : `${name}:${EXAMPLES[value]}`)).toMatchObject({ driver: name });
    }
    expect(CHECKS.map(({ id }) => id)).toEqual(expect.arrayContaining([...row.needs]));
  });

  it.each(['', ':', 'usb', 'toString', 'constructor:x', '__proto__:x', ...rows.map(([name]) => `${name}:`)])(
    'refuses %j and names all forms',
    (text) => {
      expect(() => parse(text)).toThrow(`a ${option.slice(2)} is ${forms}`);
    },
  );

  it('docs/command-line.md has a row for each form, and for no other', () => {
    const text = readFileSync(join(ROOT, 'docs/command-line.md'), 'utf8');
    const listed = [...text.matchAll(new RegExp(`^\\| \`${option} ([^\`]+)\` \\|`, 'gm'))].map(([, form]) => form);
    expect(listed).toEqual(rows.flatMap(([, row]) => row.forms));
  });
});

it('every driver of a table runs the contract suite of its interface', () => {
  const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(ROOT, 'test', path), 'utf8'));
  const subjects = (contract: string): string[] =>
    tests.flatMap((text) =>
      [...text.matchAll(new RegExp(`${contract}\\(\\s*['\`]([a-z0-9-]+)`, 'g'))].map(([, a]) => `${a}`),
    );
  expect(subjects('readerContract')).toEqual(expect.arrayContaining(Object.keys(READERS)));
  // As a card an ACR122 cannot keep it: its firmware calls no command back and sees the field go late, as the driver's
  // own page says and its own tests observe.
  const links = Object.keys(LINKS).filter((name) => name !== 'acr122');
  expect(subjects('cardLinkContract')).toEqual(expect.arrayContaining(links));
});

describe('--reader with a card', () => {
  const profile: CardSource = { kind: 'profile', name: 'apcv' };
  const image: CardSource = { kind: 'image', fileOrName: 'apcv.img' };
  const pcsc = parseReader('pcsc:ACS');
  const pn532 = parseReader('pn532:/dev/ttyUSB0');
  const loopback = parseReader('loopback');

  it('is the first PC/SC reader, and loopback for a card of ours', () => {
    expect(readerAndCard({ card: null }).reader).toEqual({ driver: 'pcsc', name: null });
    expect(readerAndCard({ card: image }).reader).toEqual({ driver: 'loopback' });
  });

  const refused: [string, Parameters<typeof readerAndCard>[0], VerbHabits, string][] = [
    ['none for a loopback', { reader: loopback, card: null }, {}, 'a loopback reader has no card of its own'],
    ['one for PC/SC', { reader: pcsc, card: profile }, {}, 'a PC/SC reader has its own card in it'],
    ['one for a PN532', { reader: pn532, card: image }, { throughVpcd: true }, 'go with --reader loopback'],
    ['an image as a description', { reader: pcsc, card: image }, { profileDescribes: true }, '--image goes with'],
    ['an interface of PC/SC', { reader: pcsc, card: null, interface: 'contact' }, {}, 'an interface of its own'],
    [
      'an interface of a PN532',
      { reader: pn532, card: profile, interface: 'contact' },
      { profileDescribes: true },
      'a PN532 has an interface of its own',
    ],
  ];
  it.each(refused)('refuses %s', (_what, typed, habits, words) => {
    expect(() => readerAndCard(typed, habits)).toThrow(words);
  });

  const taken: [string, Parameters<typeof readerAndCard>[0], VerbHabits][] = [
    ['none where a verb needs none', { reader: loopback, card: null }, { withoutCard: true }],
    ['a card that goes through vpcd', { reader: pcsc, card: image, interface: 'contact' }, { throughVpcd: true }],
    ['a profile that describes', { reader: pn532, card: profile }, { profileDescribes: true }],
    ['an interface that describes', { reader: pcsc, card: null, interface: 'contact' }, { interfaceDescribes: true }],
  ];
  it.each(taken)('takes %s', (_what, typed, habits) => {
    expect(readerAndCard(typed, habits)).toEqual({ interface: null, ...typed });
  });
});
