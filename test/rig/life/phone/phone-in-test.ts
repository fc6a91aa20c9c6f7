import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';
import { bootCard } from '../../../../rig/card/open.ts';
import { CardSide } from '../../../../rig/life/phone/card-side.ts';
import type { PhoneWorld } from '../../../../rig/life/phone/held-card.ts';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { PhoneRefusal } from '../../../../rig/life/phone/refusals.ts';
import { openImage } from '../../../../src/applet/image/card-image.ts';
import { KEY } from '../../../../src/applet/image/layout.ts';
import type { Invoice } from '../../../../src/applet/vitale/index.ts';
import { FileNvm } from '../../../../src/hal/nvm/file.ts';
import { MemoryNvm } from '../../../../src/hal/nvm/memory.ts';
import type { Nvm } from '../../../../src/hal/nvm.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { crypto } from './blank-card.ts';
import { IssuerDouble } from './issuer-double.ts';

export const CODE = '385127';
export const TICKET = 'application:1.right';
export const world: PhoneWorld = {
  crypto,
  random: systemRandom,
  clock: systemClock,
  onFault: (fault) => {
    throw fault;
  },
};

/** Where the phones of one file of tests live. */
export interface PhonesInTest {
  /** Of all of them; it goes after the last test. */
  readonly root: string;
  /** For the phone of this test: not made yet. */
  readonly folder: string;
  /** A phone in it, activated with CODE. */
  activated(issuer?: IssuerDouble): Promise<Phone>;
}

export function phonesInTest(): PhonesInTest {
  const root = mkdtempSync(join(tmpdir(), 'vitap-phone-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  let count = 0;
  beforeEach(() => {
    count++;
  });
  const here: PhonesInTest = {
    root,
    get folder() {
      return join(root, `phone${count}`);
    },
    async activated(issuer = new IssuerDouble()) {
      const phone = Phone.open(here.folder, world);
      await activate(phone, issuer);
      return phone;
    },
  };
  return here;
}

export const digits = (text: string): Uint8Array => new TextEncoder().encode(text);

export function activate(phone: Phone, issuer: IssuerDouble, code: string = CODE): ReturnType<Phone['activate']> {
  return phone.activate({ ticket: TICKET, issuer, newCode: () => Promise.resolve(digits(code)), test: false });
}

export async function refusal(run: () => unknown): Promise<PhoneRefusal> {
  try {
    await run();
  } catch (error) {
    if (error instanceof PhoneRefusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

export const invoice = (number: number): Invoice => ({
  number: String(number).padStart(9, '0'),
  date: '20261129',
  beneficiaryIndex: 1,
  professionalId: '999900034',
  professionalName: 'CABINET DES TILLEULS',
  total: 3000,
  amo: 1900,
  amc: 900,
  patient: 200,
  thirdParty: true,
  status: 'recorded',
});

/** Names, NIRs and birth dates of the card's people, as text, in two bytes a character, and packed; and an invoice's name. */
const SECRETS: readonly (readonly [name: string, bytes: Buffer])[] = [
  'ADRUN',
  'ZOE',
  'ECETINSI',
  '2751263220749',
  '1090763220834',
  '19751231',
  'CABINET DES TILLEULS',
].flatMap((word) => [
  [word, Buffer.from(word)] as const,
  [`${word} UTF-16`, Buffer.from(word, 'utf16le')] as const,
  [`${word} UTF-16BE`, Buffer.from(word, 'utf16le').swap16()] as const,
  ...(/^[0-9]+$/.test(word)
    ? [
        [`${word} BCD`, Buffer.from(word.length % 2 === 0 ? word : `0${word}`, 'hex')] as const,
        [`${word} BCD F`, Buffer.from(word.length % 2 === 0 ? word : `${word}F`, 'hex')] as const,
      ]
    : []),
]);

export function imageOf(at: string): Buffer {
  return bytesOf(FileNvm.load(join(at, 'phone.img')));
}

export function bytesOf(nvm: Nvm): Buffer {
  const bytes = Buffer.alloc(nvm.size);
  nvm.read(0, bytes, 0, bytes.length);
  return bytes;
}

/** The card in this memory, as the phone has it. */
export function sideOf(nvm: Nvm): CardSide {
  const onFault = (fault: unknown): never => {
    throw fault;
  };
  return new CardSide(bootCard(nvm, 'phone', null, { onFault }, crypto), () => systemClock.nowNs());
}

/** Private keys that the image holds. */
export function keysIn(at: string): Buffer[] {
  const image = imageOf(at);
  const { keys } = openImage(new MemoryNvm(Uint8Array.from(image)));
  return keys.map(({ address }) => Buffer.from(image.subarray(address + KEY.VALUE, address + KEY.VALUE + 32)));
}

/** Secrets that any file of the folder holds. */
export function secretsIn(at: string): string[] {
  const files = readdirSync(at).map((name) => readFileSync(join(at, name)));
  return SECRETS.filter(([, bytes]) => files.some((file) => file.includes(bytes))).map(([name]) => name);
}
