import { describe, expect, it } from 'vitest';
import { FIXED_SEED } from '../../../rig/card/open.ts';
import { loadProfile } from '../../../rig/card/profile/index.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import { Card } from '../../../src/applet/card.ts';
import type { CardPort } from '../../../src/applet/card-port.ts';
import { personalise } from '../../../src/applet/image/personalise.ts';
import type {
  CardSpecification,
  DirectorySpecification,
  FileSpecification,
} from '../../../src/applet/image/specification.ts';
import { exportApplets } from '../../../src/applet/vitale/export-object.ts';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { holderAlone } from '../../rig/card/profile/holder-alone.ts';

const crypto = nobleCrypto();
const SELECT = '00A4040C 09 F0617043562D454D5501';
const VERIFY = '00200081 06 323734393136';
const EXPORT = '00CABF40 000000';
const SHORT_EXPORT = '00CABF40 00';

const FILES = { E001: 1, E002: 2, E003: 3, E004: 4 } as const;

interface Booted {
  readonly card: Card;
  readonly port: CardPort;
  readonly clock: VirtualClock;
  readonly send: (command: string) => string;
}

const specifications = new Map<string, CardSpecification>();

/** apcv that gives all after the holder's unlock, in clear: the window alone. */
const HOLDER_ALONE = 'apcv without a channel';

async function specificationOf(profile: string): Promise<CardSpecification> {
  const known = specifications.get(profile);
  if (known !== undefined) return known;
  const world = { random: new SeededRandom(FIXED_SEED), crypto };
  const loaded =
    profile === HOLDER_ALONE ? holderAlone(await loadProfile('apcv', world)) : await loadProfile(profile, world);
  specifications.set(profile, loaded);
  return loaded;
}

function boot(specification: CardSpecification, cardInterface: CardInterface, applets = exportApplets): Booted {
  const clock = new VirtualClock();
  const card = new Card({
    nvm: new MemoryNvm(personalise(specification, crypto)),
    clock,
    crypto,
    random: new SeededRandom('export'),
    applets,
  });
  const port = card.port(cardInterface);
  port.powerOn();
  const send = (command: string): string => {
    const bytes = fromHex(command.replaceAll(' ', ''));
    return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
  };
  return { card, port, clock, send };
}

async function own(profile: string, cardInterface: CardInterface): Promise<Booted> {
  const booted = boot(await specificationOf(profile), cardInterface);
  expect(booted.send(SELECT)).toBe('9000');
  return booted;
}

/** Opens the holder's window through the screen, as the phone's own program does. */
function unlock({ card }: Booted): void {
  const screen = card.port('wired');
  screen.powerOn();
  for (const command of [SELECT, VERIFY]) {
    const bytes = fromHex(command.replaceAll(' ', ''));
    const length = screen.process(bytes, 0, bytes.length);
    expect(toHex(screen.response.subarray(0, length))).toBe('9000');
  }
}

/** The application with some of its files another way. */
function withFiles(
  specification: CardSpecification,
  change: (file: FileSpecification) => FileSpecification,
): CardSpecification {
  const children = specification.masterFile.children.map((child) => {
    if (child.kind !== 'directory' || child.fid !== 0xe000) return child;
    const files = (child as DirectorySpecification).children.map((file) =>
      file.kind === 'directory' ? file : change(file),
    );
    return { ...child, children: files };
  });
  return { ...specification, masterFile: { ...specification.masterFile, children } };
}

/** What the records and the signature give, one command each, without the padding of fixed records. */
function readOneByOne({ send }: Booted): string {
  let content = '';
  for (const sfi of Object.values(FILES)) {
    for (let number = 1; ; number++) {
      const answer = send(`00B2${hex(number)}${hex((sfi << 3) | 4)}00`);
      if (answer === '6A83') break;
      expect(answer.slice(-4)).toBe('9000');
      content += withoutPadding(answer.slice(0, -4));
    }
  }
  return content + send('00B08F00 000000').slice(0, -4);
}

/** Templates of the dictionary have a tag of one byte and a length of one, 81xx or 82xxxx. */
function withoutPadding(record: string): string {
  const bytes = fromHex(record);
  const first = bytes[1]!;
  const end = first < 0x80 ? 2 + first : first === 0x81 ? 3 + bytes[2]! : 4 + 256 * bytes[2]! + bytes[3]!;
  expect(record.slice(2 * end)).toMatch(/^(00)*$|^(FF)*$/);
  return record.slice(0, 2 * end);
}

function hex(byte: number): string {
  return toHex(Uint8Array.of(byte));
}

describe('the export object gives what the records give', () => {
  it.each([
    ['vitale2', 'contact'],
    ['apcv', 'contact'],
    ['apcv', 'wired'],
    ['vitale2', 'wired'],
  ] as const)('%s on %s, after the code', async (profile, cardInterface) => {
    const card = await own(profile, cardInterface);
    expect(card.send(VERIFY)).toBe('9000');
    const answer = card.send(EXPORT);
    expect(answer.slice(-4)).toBe('9000');
    expect(answer.slice(0, -4)).toBe(readOneByOne(card));
  });

  it('on contactless, in the holder’s window', async () => {
    const card = await own(HOLDER_ALONE, 'contactless');
    unlock(card);
    const answer = card.send(EXPORT);
    expect(answer.slice(-4)).toBe('9000');
    expect(answer.slice(0, -4)).toBe(readOneByOne(card));
  });

  it('by a short Le too, the rest by GET RESPONSE', async () => {
    const card = await own('vitale2', 'contact');
    card.send(VERIFY);
    const whole = card.send(EXPORT).slice(0, -4);
    let content = '';
    let answer = card.send(SHORT_EXPORT);
    for (; answer.slice(-4, -2) === '61'; answer = card.send(`00C00000${answer.slice(-2)}`)) {
      content += answer.slice(0, -4);
    }
    expect(answer.slice(-4)).toBe('9000');
    expect(content + answer.slice(0, -4)).toBe(whole);
  });

  it('with a smaller Le answers 6Cxx and nothing else', async () => {
    const card = await own('vitale2', 'contact');
    card.send(VERIFY);
    expect(card.send('00CABF40 10')).toBe('6C00');
  });
});

describe('before the code the export object gives nothing', () => {
  it.each([
    ['vitale2', 'contact'],
    ['vitale2', 'contactless'],
    ['vitale2', 'wired'],
    ['apcv', 'contact'],
    ['apcv', 'contactless'],
    [HOLDER_ALONE, 'contactless'],
    ['apcv', 'wired'],
  ] as const)('%s on %s: 6982, whatever Le, and for GET RESPONSE nothing waits', async (profile, cardInterface) => {
    const card = await own(profile, cardInterface);
    for (const command of [EXPORT, SHORT_EXPORT, '00CABF40 01', '00CABF40 00FFFF']) {
      expect(card.send(command)).toBe('6982');
      expect(card.send('00C0000000')).toMatch(/^6[0-9A-F]{3}$/);
    }
  });

  it('nor after a wrong code, and it costs no try', async () => {
    const card = await own('vitale2', 'contact');
    expect(card.send('00200081 06 303030303030')).toBe('63C2');
    expect(card.send(EXPORT)).toBe('6982');
    expect(card.send('00200081')).toBe('63C2');
  });

  it('nor through a reader that has the right code but the wrong interface', async () => {
    const card = await own('vitale2', 'contactless');
    expect(card.send(VERIFY)).toBe('6982');
    expect(card.send(EXPORT)).toBe('6982');
  });

  it('nor outside of the application: the tag is unknown there', async () => {
    const card = boot(await specificationOf('vitale2'), 'contact');
    expect(card.send(EXPORT)).toBe('6986');
  });
});

describe('what was proven is forgotten for the export object too', () => {
  it.each([
    ['a reset', (card: Booted) => card.port.reset()],
    ['a deselect', (card: Booted) => card.port.deselect()],
    ['another application', (card: Booted) => void card.send('00A4000C 02 3F00')],
  ])('after %s', async (_, forget) => {
    const card = await own('vitale2', 'contact');
    card.send(VERIFY);
    expect(card.send(SHORT_EXPORT).slice(-4, -2)).toBe('61');
    forget(card);
    expect(card.send('00C0000000')).toMatch(/^6[0-9A-F]{3}$/);
    expect(card.send(SELECT)).toBe('9000');
    expect(card.send(EXPORT)).toBe('6982');
  });

  it('on another logical channel the code was not presented', async () => {
    const card = await own('vitale2', 'contact');
    card.send(VERIFY);
    const opened = card.send('00700000 01');
    expect(opened.slice(-4)).toBe('9000');
    const channel = opened.slice(0, 2);
    expect(card.send(`${channel}${SELECT.slice(2)}`)).toBe('9000');
    expect(card.send(`${channel}${EXPORT.slice(2)}`)).toBe('6982');
  });
});

describe('the holder’s window', () => {
  it('an export is one presentation: the next tap is refused', async () => {
    const card = await own(HOLDER_ALONE, 'contactless');
    unlock(card);
    expect(card.send(EXPORT).slice(-4)).toBe('9000');
    expect(card.card.holder.usesLeft).toBe(0);
    // The same presentation goes on.
    expect(card.send(EXPORT).slice(-4)).toBe('9000');
    card.port.fieldOff();
    card.port.powerOn();
    card.send(SELECT);
    expect(card.send(EXPORT)).toBe('6982');
  });

  it('a refused export uses up no presentation', async () => {
    const specification = withFiles(await specificationOf(HOLDER_ALONE), (file) =>
      file.fid === 0xe00f ? neverRead(file) : file,
    );
    const card = boot(specification, 'contactless');
    card.send(SELECT);
    unlock(card);
    expect(card.send(EXPORT)).toBe('6982');
    expect(card.card.holder.usesLeft).toBe(1);
  });

  it('closes by time: nothing more, nor what waits for GET RESPONSE', async () => {
    const card = await own(HOLDER_ALONE, 'contactless');
    unlock(card);
    expect(card.send(SHORT_EXPORT).slice(-4, -2)).toBe('61');
    card.clock.advance(61_000_000_000);
    expect(card.send('00C0000000')).toMatch(/^6[0-9A-F]{3}$/);
    expect(card.send(EXPORT)).toBe('6982');
  });

  it('of the shipped card gives nothing in clear, open as it is, and uses up no presentation', async () => {
    const card = await own('apcv', 'contactless');
    unlock(card);
    expect(card.send(EXPORT)).toBe('6982');
    expect(card.card.holder.usesLeft).toBe(1);
  });

  it('closes when the holder locks', async () => {
    const card = await own(HOLDER_ALONE, 'contactless');
    unlock(card);
    card.card.holder.lock();
    expect(card.send(EXPORT)).toBe('6982');
  });
});

/** Reading never, on every interface. */
function neverRead(file: FileSpecification): FileSpecification {
  const never = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] as const;
  return { ...file, access: { contact: never, contactless: never, wired: never } };
}

describe('one file decides for all', () => {
  it.each([0xe001, 0xe002, 0xe003, 0xe004, 0xe00f])('%i may not be read: nothing of the others leaves', async (fid) => {
    const specification = withFiles(await specificationOf('vitale2'), (file) =>
      file.fid === fid ? neverRead(file) : file,
    );
    const card = boot(specification, 'contact');
    card.send(SELECT);
    card.send(VERIFY);
    expect(card.send(EXPORT)).toBe('6982');
  });

  it.each([0xe001, 0xe002, 0xe003, 0xe004, 0xe00f])('%i is deactivated: 6985', async (fid) => {
    const specification = withFiles(await specificationOf('vitale2'), (file) =>
      file.fid === fid ? { ...file, lifeCycle: 'deactivated' as const } : file,
    );
    const card = boot(specification, 'contact');
    card.send(SELECT);
    card.send(VERIFY);
    expect(card.send(EXPORT)).toBe('6985');
  });

  it('a file without a short identifier is no part of it, and cannot spoil it', async () => {
    const specification = withFiles(await specificationOf('vitale2'), (file) =>
      file.fid === 0xe00f ? { ...neverRead(file), sfi: null } : file,
    );
    const card = boot(specification, 'contact');
    card.send(SELECT);
    card.send(VERIFY);
    const answer = card.send(EXPORT);
    expect(answer.slice(-4)).toBe('9000');
    const records = await own('vitale2', 'contact');
    records.send(VERIFY);
    expect(records.send(EXPORT).startsWith(answer.slice(0, -4))).toBe(true);
  });

  it('when all are empty there is no object: 6A88, but only for who may read them', async () => {
    const specification = withFiles(await specificationOf('vitale2'), (file) => {
      if (file.kind === 'transparent') return { ...file, sfi: null };
      return 'records' in file ? { ...file, records: [] } : file;
    });
    const card = boot(specification, 'contact');
    card.send(SELECT);
    expect(card.send(EXPORT)).toBe('6982');
    card.send(VERIFY);
    expect(card.send(EXPORT)).toBe('6A88');
  });
});

describe('beside the export object', () => {
  it('GET DATA of other tags is what it is everywhere', async () => {
    const card = await own('vitale2', 'contact');
    card.send(VERIFY);
    // No EF is current; then one that holds records.
    expect(card.send('00CABF41 00')).toBe('6986');
    expect(card.send('00A4020C 02 E001')).toBe('9000');
    expect(card.send('00CA00FF 00')).toBe('6981');
    expect(card.send('00CABF80 00')).toBe('6A86');
  });

  it('a card without the application has no applet for it', async () => {
    const { masterFile, ...rest } = await specificationOf('vitale2');
    const children = masterFile.children.filter((child) => child.fid !== 0xe000);
    const card = boot({ ...rest, masterFile: { ...masterFile, children } }, 'contact');
    expect(card.send(SELECT)).toBe('6A82');
    expect(card.send(EXPORT)).toBe('6986');
  });
});
