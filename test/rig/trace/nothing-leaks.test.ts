import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../../seed.ts';
import { EXPORTERS } from '../../../rig/trace/formats/index.ts';
import type { TraceEvent } from '../../../rig/trace/model.ts';
import { redactedSource } from '../../../rig/trace/session-redactor.ts';
import { importedHeader, LossCount, type TraceSource } from '../../../rig/trace/stream.ts';
import { withCrcA } from '../../../src/iso-dep/crc-a.ts';

/*
 * Secrets are planted in random places of random sessions. On no way out does any of them come out, in bytes or in
 * hexadecimal; and of what is no secret, nothing is missing in our own format.
 */
const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex').toUpperCase();
const tlv = (tag: string, value: string): string =>
  tag + (value.length / 2).toString(16).padStart(2, '0').toUpperCase() + value;

/** Bytes in which nothing can be read by chance: no digit, no letter, no tag with people in it. */
const filler = fc
  .array(fc.constantFrom(0xf0, 0xf1, 0xfb, 0xee, 0x0b, 0x0c, 0xcd, 0xde), { maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase());
const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((all) => all.join(''));
/** Letters whose bytes are no two digits each: chance makes NIRs in BCD of the others. */
const word = fc
  .array(fc.constantFrom(...'JKLMNOZ'), { minLength: 6, maxLength: 12 })
  .map((letters) => letters.join(''));
/** Sex, year, month, department, commune, order; and the key, 97 less the rest. */
const nir = fc
  .tuple(
    fc.constantFrom('1', '2'),
    digits(2),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 95 }),
    digits(6),
  )
  .map(([sex, year, month, department, rest]) => {
    const two = (value: number): string => `${value}`.padStart(2, '0');
    const number = `${sex}${year}${two(month)}${two(department)}${rest}`;
    return number + two(97 - (Number(number) % 97));
  });

/** An exchange, and what of it nobody is to read, in hexadecimal. */
interface Planted {
  readonly command: string;
  readonly response: string;
  readonly secrets: readonly string[];
}

const bare = (data: string): string => (data === '' ? '' : (data.length / 2).toString(16).padStart(2, '0') + data);
const verify = fc.tuple(fc.constantFrom('0020', '0024', '002C', '8020', '4120'), digits(8)).map(
  ([head, code]): Planted => ({
    command: `${head}0081${bare(ascii(code))}`.toUpperCase(),
    response: '9000',
    secrets: [ascii(code)],
  }),
);
const enveloped = digits(8).map(
  (code): Planted => ({
    command: `00C20000${bare(`00200081${bare(ascii(code))}`)}`.toUpperCase(),
    response: '9000',
    secrets: [ascii(code)],
  }),
);
const putKey = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((key): Planted => {
  const value = Buffer.from(key).toString('hex').toUpperCase();
  return { command: `80D80001${bare(`8810${value}`)}`.toUpperCase(), response: '9000', secrets: [value] };
});
const readNir = fc
  .tuple(filler, nir, filler, fc.constantFrom('ascii', 'bcd'))
  .map(([before, number, after, how]): Planted => {
    const value = how === 'ascii' ? ascii(number) : `${number}F`;
    return { command: '00B2011400', response: `${before}EE${value}EE${after}9000`, secrets: [value] };
  });
const person = fc.tuple(filler, word, word, filler).map(([before, name, given, after]): Planted => {
  const template = tlv('65', tlv('80', ascii(name)) + tlv('81', ascii(given)) + tlv('82', ascii('19751231')));
  return {
    command: '00B0810000',
    response: `${before}${template}EE${after}9000`,
    secrets: [ascii(name), ascii(given)],
  };
});
const innocent = fc.tuple(fc.constantFrom('00A40000', '00B20114', '00CA0101'), filler, filler).map(
  ([head, data, answer]): Planted => ({
    command: (head + bare(data)).toUpperCase(),
    response: `${answer}9000`,
    secrets: [],
  }),
);
const session = fc.array(fc.oneof(verify, enveloped, putKey, readNir, person, innocent), {
  minLength: 1,
  maxLength: 8,
});

function source(exchanges: readonly Planted[], withFrames: boolean): TraceSource {
  let t = 0;
  let number = 1;
  const frame = (from: 'reader' | 'card', hex: string): TraceEvent => {
    const bytes = withCrcA(Uint8Array.from(Buffer.from(hex, 'hex')));
    return { type: 'block', t: ++t, from, frame: Buffer.from(bytes).toString('hex').toUpperCase(), crc: 'good' };
  };
  const events: TraceEvent[] = [{ type: 'power', t: 0, state: 'on', ats: '0578807002', uid: '08010203' }];
  if (withFrames) events.push(frame('reader', 'E080'), frame('card', '0578807002'));
  for (const { command, response } of exchanges) {
    number ^= 1;
    if (withFrames) events.push(frame('reader', `0${2 | number}${command}`));
    events.push({ type: 'command', t: ++t, apdu: command });
    if (withFrames) events.push(frame('card', `0${2 | number}${response}`));
    events.push({ type: 'response', t: ++t, apdu: response });
  }
  for (const secret of exchanges.flatMap((each) => each.secrets)) {
    const text = Buffer.from(secret, 'hex').toString('latin1');
    if (/^([12]\d{14}|[A-Z]+)$/.test(text)) events.push({ type: 'note', t: ++t, text: `about ${text}.` });
  }
  const header = importedHeader({
    source: 'a test',
    interface: 'contactless',
    ats: '0578807002',
    atr: '3B80800101',
    startedAt: '2026-01-02T03:04:05.000Z',
  });
  return {
    header,
    async *events() {
      yield* events;
    },
  };
}

async function exported(name: string, from: TraceSource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const exporter = EXPORTERS.find((each) => each.name === name);
  await exporter?.write(
    from,
    {
      write: async (chunk) => {
        chunks.push(Buffer.from(chunk as string));
      },
    },
    new LossCount(),
  );
  return Buffer.concat(chunks);
}

/** What of the secrets can be read in a file: as bytes, as a text in it, or in hexadecimal however it is set. */
function readable(file: Buffer, exchanges: readonly Planted[]): string[] {
  const latin1 = file.toString('latin1');
  const hex = latin1.replaceAll(/0x|\\x|[\s:,"'|]/gi, '').toUpperCase();
  return exchanges
    .flatMap((each) => each.secrets)
    .filter((secret) => {
      const raw = Buffer.from(secret, 'hex').toString('latin1');
      return latin1.includes(raw) || hex.includes(secret);
    });
}

describe.each(EXPORTERS.map(({ name }) => name))('%s', (name) => {
  it('holds no secret, wherever it was', async () => {
    await fc.assert(
      fc.asyncProperty(session, fc.boolean(), async (exchanges, withFrames) => {
        const file = await exported(name, redactedSource(source(exchanges, withFrames)));
        expect(readable(file, exchanges)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('what is no secret', () => {
  it('is all there, and every masked byte is one of a secret', async () => {
    await fc.assert(
      fc.asyncProperty(session, async (exchanges) => {
        const apdus: string[] = [];
        for await (const event of redactedSource(source(exchanges, false)).events()) {
          if (event.type === 'command' || event.type === 'response') apdus.push(event.apdu);
        }
        const whole = exchanges.flatMap(({ command, response }) => [command, response]);
        expect(apdus.map((apdu) => apdu.length)).toEqual(whole.map((apdu) => apdu.length));
        for (const [i, apdu] of apdus.entries()) {
          const { secrets, response } = exchanges[i >> 1] as Planted;
          let plain = whole[i] as string;
          // Where secrets stand, and the birth date of a person; a key's heading goes with the key.
          for (const secret of [...secrets, ascii('19751231')])
            plain = plain.replaceAll(secret, 'X'.repeat(secret.length));
          if (plain.startsWith('80D8')) plain = plain.slice(0, 10) + 'X'.repeat(plain.length - 10);
          expect(apdu, response).toBe(plain);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('the test can fail: kept secrets are found in every format that carries data', async () => {
    const exchanges: Planted[] = [
      { command: `0020008108${ascii('27491638')}`, response: '9000', secrets: [ascii('27491638')] },
      { command: '00B2011400', response: `${ascii('275126322074974')}9000`, secrets: [ascii('275126322074974')] },
    ];
    for (const { name } of EXPORTERS) {
      const found = readable(await exported(name, source(exchanges, false)), exchanges);
      expect(found[0], name).toBe(exchanges[0]?.secrets[0]);
    }
  });
});
