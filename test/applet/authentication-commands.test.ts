import { createCipheriv, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { Card } from '../../src/applet/card.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { openImage } from '../../src/applet/image/card-image.ts';
import { KEY } from '../../src/applet/image/layout.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type {
  CardSpecification,
  DirectorySpecification,
  KeySpecification,
} from '../../src/applet/image/specification.ts';
import { HalError } from '../../src/hal/errors.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import type { Random } from '../../src/hal/random.ts';
import { VirtualClock } from '../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { ScriptedRandom } from '../secure-channel/scripted-random.ts';
import { AID_A, AID_B, benchSpecification, reading } from './bench-card.ts';

/** RFC 4493, section 4: key, subkey K1, messages M of 16, 40 and 64 bytes, and their MACs. */
const K = '2B7E1516 28AED2A6 ABF71588 09CF4F3C'.replaceAll(' ', '');
const K1 = 'FBEED618357133667C85E08F7236A8DE';
const M16 = '6BC1BEE22E409F96E93D7E117393172A';
const M40 = `${M16}AE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411`;
const M64 = `${M40}E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710`;
const MAC16 = '070A16B46B4D4144F79BDD9DD04A287C';
const MAC40 = 'DFA66747DE9AE63030CA32611497C827';
const MAC64 = '51F0BEBF7E3B9D92FC49741779363CFE';

/** CMAC of two whole blocks, after RFC 4493 with another AES: E(E(A) xor B xor K1). */
function macOfTwo(a: string, b: string): string {
  const encrypt = (block: Uint8Array): Uint8Array => {
    const cipher = createCipheriv('aes-128-ecb', fromHex(K), null).setAutoPadding(false);
    return Uint8Array.from(cipher.update(block));
  };
  const first = encrypt(fromHex(a));
  const [second, subkey] = [fromHex(b), fromHex(K1)];
  return toHex(encrypt(first.map((byte, i) => byte ^ second[i]! ^ subkey[i]!)));
}

const crypto = nobleCrypto();
const ALWAYS = { contact: 0x00, contactless: 0x00, wired: 0x00 };
const NEVER = { contact: 0xff, contactless: 0xff, wired: 0xff };

const AES: KeySpecification = {
  reference: 0x05,
  uses: ['external-authentication', 'mutual-authentication'],
  algorithm: { kind: 'aes', bytes: 16 },
  value: fromHex(K),
  ciphers: [],
  tries: 3,
  access: ALWAYS,
  generate: NEVER,
};
const EC: KeySpecification = {
  ...AES,
  uses: ['signature'],
  algorithm: { kind: 'ec', curve: 'P-256' },
  value: null,
  tries: 0,
};

function specification(): CardSpecification {
  const spec = benchSpecification();
  const behind = { contact: 0x11, contactless: 0x11, wired: 0x11 };
  const masterFile: DirectorySpecification = {
    ...spec.masterFile,
    keys: [
      AES,
      { ...AES, reference: 0x06, uses: ['internal-authentication'], tries: 0 },
      { ...AES, reference: 0x07, uses: ['external-authentication'], tries: 0 },
      { ...AES, reference: 0x08, uses: ['external-authentication'], access: { ...NEVER, wired: 0x00 } },
      { ...EC, reference: 0x09, uses: ['internal-authentication'], generate: ALWAYS },
      {
        ...EC,
        reference: 0x0a,
        uses: ['internal-authentication'],
        algorithm: { kind: 'ec', curve: 'brainpoolP384r1' },
        generate: ALWAYS,
      },
    ],
    environments: [
      { id: 5, by: 'key', key: 0x05 },
      { id: 6, by: 'key', key: 0x07 },
    ],
    children: spec.masterFile.children.map((child) =>
      child.kind === 'directory' && child.fid === 0xdf01
        ? {
            ...child,
            keys: [
              { ...EC, reference: 0x84, access: behind, generate: behind },
              { ...AES, reference: 0x85 },
            ],
            environments: [...child.environments, { id: 7, by: 'key', key: 0x85 } as const],
          }
        : child,
    ),
  };
  const guarded = (fid: number, sfi: number, condition: number) =>
    ({ kind: 'transparent', fid, sfi, access: reading(condition), content: fromHex('C0DE') }) as const;
  return {
    ...spec,
    masterFile: {
      ...masterFile,
      children: [...masterFile.children, guarded(0x0501, 0x05, 0x25), guarded(0x0601, 0x06, 0x26)],
    },
  };
}

function boot(random: Random = new SeededRandom('authentication'), memory?: MemoryNvm) {
  const nvm = memory ?? new MemoryNvm(personalise(specification(), crypto));
  const card = new Card({ nvm, clock: new VirtualClock(), crypto, random });
  const on = (port: CardPort) => {
    port.powerOn();
    return (command: string): string => {
      const bytes = fromHex(command);
      return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
    };
  };
  const port = card.port('contact');
  const triesLeft = (reference: number): number =>
    nvm.readByte(openImage(nvm).keys.find((key) => key.reference === reference)!.address + KEY.TRIES_LEFT);
  return { nvm, card, port, send: on(port), on, triesLeft };
}

const CHALLENGE = '0084 0000 10';
const READ_5 = '00B0 8500 00';

describe('GET CHALLENGE', () => {
  it('gives 8 bytes, 16 when it is asked for them, and never the same', () => {
    const { send } = boot();
    const given = ['0084 0000 08', '0084 0000 00', '0084 0000 0C', CHALLENGE, CHALLENGE].map((command) =>
      send(command),
    );
    expect(given.map((answer) => answer.length / 2 - 2)).toEqual([8, 8, 8, 16, 16]);
    expect(new Set(given).size).toBe(given.length);
    expect(send('0084 0000 04')).toBe('6C08');
    expect(send('0084 0000')).toBe('6700');
    expect(send('0084 0100 08')).toBe('6A86');
  });

  it('draws them from the card’s random source', () => {
    const { send } = boot(new ScriptedRandom().bytes(M16).bytes('0102030405060708'));
    expect(send(CHALLENGE)).toBe(`${M16}9000`);
    expect(send('0084 0000 08')).toBe('01020304050607089000');
  });
});

describe('EXTERNAL AUTHENTICATE with an AES key', () => {
  const external = (mac: string, reference = '05'): string => `0082 00${reference} 10 ${mac}`;

  it('the MAC over the challenge of RFC 4493 opens what is behind the key', () => {
    const { send, port } = boot(new ScriptedRandom().bytes(M16));
    expect(send(READ_5)).toBe('6982');
    expect(send('0082 0005')).toBe('63C3');
    expect(send(CHALLENGE)).toBe(`${M16}9000`);
    expect(send(external(MAC16))).toBe('9000');
    expect(send('0082 0005')).toBe('9000');
    expect(send(READ_5)).toBe('C0DE9000');
    expect(send('00B0 8600 00')).toBe('6982');
    port.reset();
    expect(send(READ_5)).toBe('6982');
  });

  it('a wrong MAC costs a try before it is compared, a right one gives them back, none is left in the end', () => {
    const random = new ScriptedRandom();
    for (let i = 0; i < 6; i++) random.bytes(M16);
    const { send, triesLeft } = boot(random);
    const wrong = external(`${MAC16.slice(0, 30)}7D`);
    const attempt = (command: string): string => {
      send(CHALLENGE);
      return send(command);
    };
    expect([wrong, wrong].map(attempt)).toEqual(['63C2', '63C1']);
    expect(triesLeft(0x05)).toBe(1);
    expect(attempt(external(MAC16))).toBe('9000');
    expect(triesLeft(0x05)).toBe(3);
    expect([wrong, wrong, wrong].map(attempt)).toEqual(['63C2', '63C1', '63C0']);
    expect(send(READ_5)).toBe('6982');
    expect(send(external(MAC16))).toBe('6985');
    expect(send('0082 0005')).toBe('6983');
  });

  it('a blocked key is not compared any more', () => {
    const random = new ScriptedRandom();
    for (let i = 0; i < 4; i++) random.bytes(M16);
    const { send } = boot(random);
    for (let i = 0; i < 3; i++) {
      send(CHALLENGE);
      send(external('00'.repeat(16)));
    }
    send(CHALLENGE);
    expect(send(external(MAC16))).toBe('6983');
  });

  it('power cut at the comparison gains nothing: the try was paid before', () => {
    const memory = new MemoryNvm(personalise(specification(), crypto));
    let flushes = 0;
    const cut = new Proxy(memory, {
      get(target, name) {
        if (name === 'flush') {
          return () => {
            if (flushes++ > 0) throw new HalError('storage', 'the power is gone');
            target.flush();
          };
        }
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { send } = boot(new ScriptedRandom().bytes(M16), cut);
    send(CHALLENGE);
    expect(send(external(MAC16))).toBe('6581');
    expect(send(READ_5)).toBe('6982');
    expect(boot(new SeededRandom('later'), memory).send('0082 0005')).toBe('63C2');
  });

  it.each<readonly [string, readonly string[], string, number]>([
    ['no challenge', [external(MAC16)], '6985', 3],
    ['a challenge of 8 bytes', ['0084 0000 08', external(MAC16)], '6985', 3],
    ['a challenge used twice', [CHALLENGE, external('00'.repeat(16)), external(MAC16)], '6985', 2],
    ['a challenge used by another key', [CHALLENGE, external('00'.repeat(16), '07'), external(MAC16)], '6985', 3],
    ['a MAC of 8 bytes', [CHALLENGE, `0082 0005 08 ${MAC16.slice(0, 16)}`], '6700', 3],
    ['a key that is not there', [CHALLENGE, external(MAC16, '0F')], '6A88', 3],
    ['a key for something else', [CHALLENGE, external(MAC16, '06')], '6A88', 3],
    ['a key of another application', [CHALLENGE, external(MAC16, '85')], '6A88', 3],
    ['a key that may not be used here', [CHALLENGE, external(MAC16, '08')], '6982', 3],
    [
      'mutual authentication with a key that is for the other',
      [CHALLENGE, `0082 0007 20 ${M16}${MAC16} 00`],
      '6A88',
      3,
    ],
    ['a query for a key without a counter', ['0082 0007'], '6300', 3],
    ['another algorithm', [CHALLENGE, `0082 0105 10 ${MAC16}`], '6A86', 3],
  ])('%s', (_, commands, status, tries) => {
    const { send, triesLeft } = boot();
    expect(commands.map((command) => send(command)).at(-1)).toBe(status);
    expect(triesLeft(0x05)).toBe(tries);
  });

  it('a challenge belongs to its logical channel, and dies with another application', () => {
    const { send } = boot(new ScriptedRandom().bytes(M16).bytes(M16));
    expect(send('0070 0001')).toBe('9000');
    send(CHALLENGE);
    expect(send(`0182 0005 10 ${MAC16}`)).toBe('6985');
    expect(send(external(MAC16))).toBe('9000');
    send(CHALLENGE);
    send(`00A4 040C 07 ${AID_A}`);
    expect(send(external(MAC16))).toBe('6985');
  });

  it('a key of the card counts on every channel, one of an application where it was proven, until that is left', () => {
    const { send } = boot(new ScriptedRandom().bytes(M16).bytes(M16));
    expect(send('0070 0001')).toBe('9000');
    send(CHALLENGE);
    expect(send(external(MAC16))).toBe('9000');
    expect(send('01B0 8500 00')).toBe('C0DE9000');
    send(`00A4 040C 07 ${AID_A}`);
    send(CHALLENGE);
    expect(send(external(MAC16, '85'))).toBe('9000');
    expect(send('0082 0085')).toBe('9000');
    send(`01A4 040C 07 ${AID_A}`);
    expect(send('0182 0085')).toBe('63C3');
    send(`00A4 040C 08 ${AID_B}`);
    send(`00A4 040C 07 ${AID_A}`);
    expect(send('0082 0085')).toBe('63C3');
  });
});

describe('MUTUAL AUTHENTICATE', () => {
  const R = 'A0A1A2A3A4A5A6A7A8A9AAABACADAEAF';

  it('both sides prove the key: R and a MAC over R and the challenge, answered by one over the challenge and R', () => {
    const { send } = boot(new ScriptedRandom().bytes(M16));
    send(CHALLENGE);
    expect(send(`0082 0005 20 ${R}${macOfTwo(R, M16)} 00`)).toBe(`${macOfTwo(M16, R)}9000`);
    expect(send(READ_5)).toBe('C0DE9000');
  });

  it('an answer of the card is no proof of a reader', () => {
    const { send, triesLeft } = boot(new ScriptedRandom().bytes(M16).bytes(R));
    send(CHALLENGE);
    const proof = send(`0082 0005 20 ${R}${macOfTwo(R, M16)} 00`).slice(0, 32);
    expect(send(CHALLENGE)).toBe(`${R}9000`);
    expect(send(`0082 0005 20 ${R}${proof} 00`)).toBe('63C2');
    expect(triesLeft(0x05)).toBe(2);
    expect(send(READ_5)).toBe('6982');
  });

  it('an Le that is too small is told before anything is spent; without one the reader is authenticated all the same', () => {
    const { send, triesLeft } = boot(new ScriptedRandom().bytes(M16).bytes(M16));
    send(CHALLENGE);
    expect(send(`0082 0005 20 ${R}${'00'.repeat(16)} 08`)).toBe('6C10');
    expect(triesLeft(0x05)).toBe(3);
    send(CHALLENGE);
    expect(send(`0082 0005 20 ${R}${macOfTwo(R, M16)}`)).toBe('9000');
  });
});

describe('INTERNAL AUTHENTICATE', () => {
  it.each([
    ['10', M16, MAC16],
    ['28', M40, MAC40],
    ['40', M64, MAC64],
  ])('an AES key answers the messages of RFC 4493 (%s)', (length, message, mac) => {
    expect(boot().send(`0088 0006 ${length} ${message} 00`)).toBe(`${mac}9000`);
  });

  it.each([
    ['09', 'prime256v1', 'sha256', '301306072A8648CE3D020106082A8648CE3D030107034200'],
    ['0A', 'brainpoolP384r1', 'sha384', '301406072A8648CE3D020106092B240303020801010B036200'],
  ])('a key on a curve signs (%s, %s), as OpenSSL sees it', (reference, _, hash, prefix) => {
    const { send } = boot();
    const generated = send(`0046 80${reference} 00`);
    const point = /^7F49..86..(.*)9000$/.exec(generated)![1]!;
    const key = createPublicKey({
      key: Buffer.from(`30${(prefix.length / 2 + point.length / 2).toString(16)}${prefix}${point}`, 'hex'),
      format: 'der',
      type: 'spki',
    });
    const signature = send(`0088 00${reference} 08 1122334455667788 00`).slice(0, -4);
    const checks = (message: string): boolean =>
      verify(hash, Buffer.from(message, 'hex'), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'hex'));
    expect(checks('1122334455667788')).toBe(true);
    expect(checks('1122334455667789')).toBe(false);
  });

  it.each([
    ['a challenge of 7 bytes', '0088 0006 07 11223344556677 00', '6700'],
    ['a challenge of 65 bytes', `0088 0006 41 ${'11'.repeat(65)} 00`, '6700'],
    ['a key that is not generated yet', '0088 0009 08 1122334455667788 00', '6985'],
    ['a key for something else', `0088 0005 10 ${M16} 00`, '6A88'],
    ['a key that is not there', `0088 000F 10 ${M16} 00`, '6A88'],
    ['no key', `0088 0000 10 ${M16} 00`, '6A86'],
    ['an Le that is too small', `0088 0006 10 ${M16} 08`, '6C10'],
    ['no Le', `0088 0006 10 ${M16}`, '6700'],
  ])('%s', (_, command, status) => expect(boot().send(command)).toBe(status));
});

describe('GENERATE ASYMMETRIC KEY PAIR and signatures', () => {
  const CODE = '0020 0081 04 31323334';

  function inApplication() {
    const booted = boot();
    booted.send(`00A4 040C 07 ${AID_A}`);
    return booted;
  }

  it('generates, reads and signs after the code, each as its rule says', () => {
    const { send } = inApplication();
    expect(send('0046 8184 00')).toBe('6985');
    expect(send('0046 8084 00')).toBe('6982');
    expect(send('0022 41B6 03 840184')).toBe('9000');
    expect(send(`002A 9E9A 20 ${'5A'.repeat(32)} 00`)).toBe('6982');
    expect(send(CODE)).toBe('9000');
    expect(send(`002A 9E9A 20 ${'5A'.repeat(32)} 00`)).toBe('6985');
    const generated = send('0046 8084 00');
    expect(generated).toMatch(/^7F4943864104[0-9A-F]{128}9000$/);
    expect(send('0046 8184 00')).toBe(generated);
    const signature = send(`002A 9E9A 20 ${'5A'.repeat(32)} 00`);
    const point = fromHex(generated.slice(10, -4));
    expect(crypto.ecdsaVerify('P-256', point, new Uint8Array(32).fill(0x5a), fromHex(signature.slice(0, -4)))).toBe(
      true,
    );
    expect(send('0046 8084 00')).not.toBe(generated);
  });

  it('the new key is there after the power was gone', () => {
    const { send, nvm } = inApplication();
    send(CODE);
    const generated = send('0046 8084 00');
    const later = boot(new SeededRandom('later'), nvm);
    later.send(`00A4 040C 07 ${AID_A}`);
    expect(later.send('0046 8184 00')).toBe(generated);
  });

  it('nothing is generated when the answer does not fit', () => {
    const { send } = inApplication();
    send(CODE);
    expect(send('0046 8084 20')).toBe('6C46');
    expect(send('0046 8184 00')).toBe('6985');
  });

  it.each<readonly [string, readonly string[], string]>([
    ['a signature without a key', [`002A 9E9A 20 ${'5A'.repeat(32)} 00`], '6985'],
    ['a key that signs nothing', ['0022 41B6 03 840105'], '6A88'],
    ['a key that is not there', ['0022 41B6 03 84018F'], '6A88'],
    ['no number of a key', ['0022 41B6 03 830184'], '6A80'],
    ['a hash of 31 bytes', [CODE, '0046 8084 00', '0022 41B6 03 840184', `002A 9E9A 1F ${'5A'.repeat(31)} 00`], '6A80'],
    ['no Le', [CODE, '0046 8084 00', '0022 41B6 03 840184', `002A 9E9A 20 ${'5A'.repeat(32)}`], '6700'],
    ['a symmetric key to generate', ['0046 8005 00'], '6A88'],
    ['another operation', ['002A 9E9B 01 00'], '6A86'],
    [
      'the choice dies with the application',
      ['0022 41B6 03 840184', '00A4 000C 02 3F00', `002A 9E9A 20 ${'5A'.repeat(32)} 00`],
      '6985',
    ],
  ])('%s', (_, commands, status) => {
    const { send } = inApplication();
    expect(commands.map((command) => send(command)).at(-1)).toBe(status);
  });
});

it('a card without keys knows none: 6A88, and no terminal', () => {
  const nvm = new MemoryNvm(personalise(benchSpecification(), crypto));
  const { send } = boot(new SeededRandom('none'), nvm);
  expect(send(`0088 0006 10 ${M16} 00`)).toBe('6A88');
  expect(send(`0082 0005 10 ${MAC16}`)).toBe('6A88');
  expect(send('0046 8009 00')).toBe('6A88');
  expect(send('0022 81B6 03 830141')).toBe('6982');
  expect(send('0084 0000 08')).toMatch(/^[0-9A-F]{16}9000$/);
});
