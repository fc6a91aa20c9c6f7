import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandApdu, fromHex, SW } from '../../src/apdu/index.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { readAuthenticationTemplate } from '../../src/secure-channel/authentication-template.ts';
import { authorizationOf, encodeAuthorization, parseAuthorization } from '../../src/secure-channel/authorization.ts';
import { encodeAuxiliaryData, parseAuxiliaryData } from '../../src/secure-channel/auxiliary-data.ts';
import {
  CertificateError,
  certificateReferences,
  parseCertificate,
} from '../../src/secure-channel/card-verifiable-certificate.ts';
import { ChannelError } from '../../src/secure-channel/channel-error.ts';
import { unprotectCommand } from '../../src/secure-channel/command-protection.ts';
import {
  readDynamicAuthenticationData,
  writeDynamicAuthenticationData,
} from '../../src/secure-channel/dynamic-authentication-data.ts';
import { PaceTerminal } from '../../src/secure-channel/pace-terminal.ts';
import { unprotectResponse } from '../../src/secure-channel/response-protection.ts';
import { parseSecurityInfos } from '../../src/secure-channel/security-infos.ts';
import { loadVectors } from '../vectors/load.ts';
import { crypto, sessionOf } from './bench-session.ts';
import { JoinedChip } from './joined.ts';

/**
 * What comes from outside is sized before it is believed: every parser takes any bytes, and real ones that were
 * damaged, and either understands them or says so in its own way.
 */

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
const [eac, pace, sm] = [loadVectors<any>('eac-ta-ca'), loadVectors<any>('pace'), loadVectors<any>('secure-messaging')];
const RUNS = { numRuns: 2000 };

/** Any bytes; real ones with bytes changed, cut off, put in or said longer. */
function damaged(real: readonly string[]): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(4000), fc.nat(255), fc.constantFrom('set', 'cut', 'insert', 'length')), {
    minLength: 1,
    maxLength: 4,
  });
  const changed = fc.tuple(fc.constantFrom(...real), changes).map(([hex, edits]) => {
    let bytes = [...fromHex(hex)];
    for (const [place, value, how] of edits) {
      const at = place % (bytes.length + 1);
      if (how === 'set') bytes[at] = value;
      else if (how === 'cut') bytes = bytes.slice(0, at);
      else if (how === 'insert') bytes.splice(at, 0, value);
      else bytes.splice(at, 1, 0x84, 0xff, 0xff, 0xff, value);
    }
    return Uint8Array.from(bytes);
  });
  return fc.oneof(fc.uint8Array({ maxLength: 200 }), changed);
}

/** Whether the call gave something or threw one of its own errors. */
function judged(call: () => unknown, ...errors: (new (...args: never[]) => Error)[]): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (errors.some((kind) => error instanceof kind)) return true;
    throw error;
  }
}

const certificates: string[] = eac.computedPki.chain.map(({ certificate }: { certificate: string }) => certificate);
const cardAccess: string[] = [
  ...eac.cardAccessFiles.rows.map(({ file }: { file: string }) => file),
  eac.runs[0].efCardSecurity.securityInfos,
];
const templates: string[] = eac.runs[0].apdus
  .filter(({ plainCommand }: { plainCommand: string }) => plainCommand.startsWith('0022'))
  .map(({ plainCommand }: { plainCommand: string }) => plainCommand.slice(10));

describe('any bytes', () => {
  it.each([
    ['a certificate', certificates, (bytes: Uint8Array) => parseCertificate(bytes), [CertificateError]],
    [
      'the names in a certificate',
      certificates,
      (bytes: Uint8Array) => certificateReferences(bytes),
      [CertificateError],
    ],
    ['SecurityInfos', cardAccess, (bytes: Uint8Array) => parseSecurityInfos(bytes), [ChannelError]],
    ['a template of MSE', templates, (bytes: Uint8Array) => readAuthenticationTemplate(bytes), []],
    ['dynamic authentication data', ['7C1281100102030405060708090A0B0C0D0E0F10'], readDynamicAuthenticationData, []],
    [
      'an authorization',
      ['060904007F0007030102025305FE0F01FFFF'],
      (bytes: Uint8Array) => parseAuthorization(bytes),
      [],
    ],
    [
      'auxiliary data',
      ['7315060904007F00070301040153083139373830383136'],
      (bytes: Uint8Array) => parseAuxiliaryData(bytes),
      [],
    ],
  ] as [string, string[], (bytes: Uint8Array) => unknown, (new (...args: never[]) => Error)[]][])(
    'as %s',
    (_, real, parse, errors) => {
      fc.assert(
        fc.property(damaged(real), (bytes) => judged(() => parse(bytes), ...errors)),
        RUNS,
      );
    },
    60_000,
  );

  const session = sm.sessions[1];
  const commands: string[] = session.steps.map(({ command }: { command: string }) => command);
  const responses: string[] = session.steps.map(({ response }: { response: string }) => response);

  it('as a protected command: only the one that is next is ever opened', () => {
    fc.assert(
      fc.property(damaged(commands), (bytes) => {
        const command = new CommandApdu();
        if (!command.parse(bytes, 0, bytes.length) || command.encoding === 'malformed') return;
        const plain = new Uint8Array(512);
        const secure = sessionOf(session);
        const status = unprotectCommand(secure, command, plain);
        // Lengths are outside of the MAC: the first command itself may come in another form.
        if (status === SW.OK) expect(command.ins).toBe(0xa4);
        else expect([0x6987, 0x6988]).toContain(status);
        expect(secure.open).toBe(status === SW.OK);
      }),
      RUNS,
    );
  }, 60_000);

  it('as a protected answer', () => {
    fc.assert(
      fc.property(damaged(responses), fc.boolean(), (bytes, odd) => {
        const secure = sessionOf(session);
        return judged(() => unprotectResponse(secure, bytes, { odd, plainValues: true }), ChannelError);
      }),
      RUNS,
    );
  }, 60_000);

  it('as a command to a chip in the middle of its protocols: a status word, always', () => {
    const run = pace.runs[0];
    const real = [...run.apdus, ...eac.computedRuns[0].apdus].map(
      (apdu: { command: string; plainCommand?: string }) => apdu.plainCommand ?? apdu.command,
    );
    fc.assert(
      fc.property(fc.array(damaged(real), { minLength: 1, maxLength: 4 }), fc.nat(4), (attempts, upTo) => {
        const chip = new JoinedChip({
          crypto,
          random: new SeededRandom('hostile'),
          offers: [{ mapping: 'GM', cipher: 'AES-128', parameterId: 13 }],
          passwords: new Map([[1, new Uint8Array(20)]]),
        });
        for (const { command } of run.apdus.slice(0, upTo)) chip.exchange(fromHex(command));
        for (const bytes of attempts) expect(chip.exchange(bytes).length).toBeGreaterThanOrEqual(2);
        expect(chip.session).toBeNull();
      }),
      { numRuns: 300 },
    );
  }, 120_000);

  it('as an answer to a terminal in the middle of PACE: an error that says why, or the next command', () => {
    const run = pace.runs[0];
    const real = run.apdus.map(({ response }: { response: string }) => response);
    fc.assert(
      fc.property(damaged(real), fc.nat(3), (bytes, upTo) => {
        const terminal = new PaceTerminal({
          crypto,
          random: new SeededRandom('hostile'),
          mapping: 'GM',
          cipher: 'AES-128',
          parameterId: 13,
          reference: 1,
          password: new Uint8Array(20),
        });
        terminal.start();
        for (let i = 0; i < upTo; i++) terminal.next(fromHex(real[i]));
        return judged(() => terminal.next(bytes), ChannelError);
      }),
      { numRuns: 300 },
    );
  }, 120_000);
});

describe('what was written can be read', () => {
  const tags = fc.uniqueArray(fc.constantFrom(0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x8a), {
    maxLength: 5,
  });

  it('dynamic authentication data', () => {
    fc.assert(
      fc.property(tags, fc.uint8Array({ maxLength: 80 }), (names, value) => {
        const objects = names.map((tag) => [tag, value] as const);
        const read = readDynamicAuthenticationData(writeDynamicAuthenticationData(objects));
        expect([...read!].map(([tag, bytes]) => [tag, Uint8Array.from(bytes)])).toEqual(objects);
      }),
    );
  });

  it('authorizations of every type', () => {
    fc.assert(
      fc.property(fc.constantFrom('IS', 'AT', 'ST'), fc.uint8Array({ minLength: 5, maxLength: 5 }), (type, bits) => {
        const authorization = { type, bits: type === 'AT' ? bits : bits.subarray(0, 1) } as const;
        expect(parseAuthorization(encodeAuthorization(authorization))).toEqual({
          type,
          bits: Uint8Array.from(authorization.bits),
        });
      }),
    );
    expect(() => authorizationOf('ST', 'terminal', ['read DG1'])).toThrow(RangeError);
  });

  it('auxiliary data', () => {
    const item = fc.record({
      oid: fc.uint8Array({ minLength: 1, maxLength: 12 }),
      value: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(item, { maxLength: 4, selector: ({ oid }) => String(oid) }), (items) => {
        expect(parseAuxiliaryData(encodeAuxiliaryData(items))).toEqual(items);
      }),
    );
  });
});
