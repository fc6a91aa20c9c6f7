import { fromHex, toHex } from '../../src/apdu/index.ts';
import type { Random } from '../../src/hal/random.ts';
import { readAuthenticationTemplate } from '../../src/secure-channel/authentication-template.ts';
import { standardizedParameters } from '../../src/secure-channel/domain-parameters.ts';
import { mappedGenerator, nonceTimesGenerator, provesStaticKey } from '../../src/secure-channel/generic-mapping.ts';
import { type CipherName, derivePasswordKey, deriveSessionKeys } from '../../src/secure-channel/key-derivation.ts';
import { paceProtocol } from '../../src/secure-channel/object-identifier.ts';
import { PaceChip } from '../../src/secure-channel/pace-chip.ts';
import { PaceTerminal } from '../../src/secure-channel/pace-terminal.ts';
import { encodeMrz, encodePassword } from '../../src/secure-channel/password.ts';
import type { SecureSession } from '../../src/secure-channel/secure-session.ts';
import { loadVectors } from '../vectors/load.ts';
import { crypto, parsed, sessionOf } from './bench-session.ts';
import { describe, expect, it } from './cases.ts';
import { ScriptedRandom } from './scripted-random.ts';

interface Keys {
  readonly terminalPrivate: string;
  readonly terminalPublic: string;
  readonly chipPrivate: string | null;
  readonly chipPublic: string;
}

interface Run {
  readonly id: string;
  readonly protocolOid: string;
  readonly domainParameterId: number;
  readonly password: {
    readonly type: string;
    readonly reference: number;
    readonly value?: string;
    readonly documentNumber: string;
    readonly dateOfBirth: string;
    readonly dateOfExpiry: string;
    readonly k?: string;
  };
  readonly kPi: string;
  readonly nonce: string;
  readonly mapping: Keys;
  readonly keyAgreement: Keys;
  readonly ksEnc: string;
  readonly ksMac: string;
  readonly token: { readonly terminal: string; readonly chip: string };
  readonly chipAuthenticationMapping?: {
    readonly chipStaticPrivate: string;
    readonly chipStaticPublic: string;
    readonly caData: string;
  };
  readonly apdus: readonly { readonly step: string; readonly command: string; readonly response: string }[];
}

interface KdfRow {
  readonly input: string;
  readonly note: string;
  readonly counter: number;
  readonly algorithm: string;
  readonly key: string;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
const [file, more] = [loadVectors<any>('pace'), loadVectors<any>('pace-more')];
/** Curves of 224 and 320 bits are not built here. */
const runs = [...file.runs, ...more.runs].filter(
  ({ domainParameterId }: Run) => standardizedParameters(domainParameterId) !== null,
) as Run[];
const password = ({ password }: Run): Uint8Array =>
  password.type === 'MRZ' ? encodeMrz(crypto, password) : encodePassword(password.value!);

it('the published runs are there, the curves that are not built here left out', () => {
  expect([...file.runs, ...more.runs]).toHaveLength(29);
  expect(runs).toHaveLength(26);
});

describe('key derivation', () => {
  const rows = (file.kdf.vectors as KdfRow[]).filter(({ algorithm }) => algorithm !== '3DES');
  it.each(rows)('$note, counter $counter, $algorithm', ({ input, counter, algorithm, key }) => {
    const cipher = algorithm.replace('AES', 'AES-') as CipherName;
    const session = deriveSessionKeys(crypto, cipher, fromHex(input));
    const derived = [session.enc, session.mac, derivePasswordKey(crypto, cipher, fromHex(input))][counter - 1]!;
    expect(toHex(derived)).toBe(key);
  });

  it('the MRZ is hashed with its check digits', () => {
    for (const run of runs.filter(({ password }) => password.type === 'MRZ')) {
      expect(toHex(encodeMrz(crypto, run.password))).toBe(run.password.k);
    }
  });
});

describe('generic mapping with nonces of 32 bytes', () => {
  interface Row {
    readonly id: string;
    readonly chipPrivate: string;
    readonly terminalPublic: string;
    readonly nonce: string;
    readonly mappedGenerator: string;
  }
  it.each(file.mappingOnly.vectors as Row[])('$id', (row) => {
    const point = nonceTimesGenerator(crypto, 'brainpoolP256r1', fromHex(row.nonce));
    const [key, other] = [fromHex(row.chipPrivate), fromHex(row.terminalPublic)];
    expect(toHex(mappedGenerator(crypto, 'brainpoolP256r1', point, key, other))).toBe(row.mappedGenerator);
  });
});

function chipOf(run: Run, random: Random): PaceChip {
  const protocol = paceProtocol(fromHex(run.protocolOid))!;
  const staticKey = run.chipAuthenticationMapping && fromHex(run.chipAuthenticationMapping.chipStaticPrivate);
  return new PaceChip({
    crypto,
    random,
    offers: [{ ...protocol, parameterId: run.domainParameterId, ...(staticKey && { staticKey }) }],
  });
}

/** The chip's answer to one of the commands of a run. */
function answer(chip: PaceChip, run: Run, commandHex: string): string {
  const command = parsed(commandHex);
  const data = command.bytes.subarray(command.dataOffset, command.dataOffset + command.nc);
  const setAt = command.ins === 0x22;
  const status = setAt
    ? chip.start(readAuthenticationTemplate(data)!, password(run))
    : chip.step(data, (command.cla & 0x10) === 0);
  const body = setAt || status !== 0x9000 ? '' : toHex(chip.response);
  return body + status.toString(16).toUpperCase();
}

/** Both ends of one session: the first command of one is what the keys of the run give. */
function expectKeys(session: SecureSession | null, run: Run): void {
  const probe = (of: SecureSession): string => {
    const bytes = new Uint8Array(24);
    of.begin();
    of.encrypt(bytes, 0, 16);
    of.checksum(bytes, 16);
    return toHex(bytes);
  };
  expect(probe(session!)).toBe(probe(sessionOf(run)));
}

describe.each(runs)('$id', (run) => {
  const { mapping, keyAgreement } = run;

  // A run that was published without the chip's key shows the terminal alone.
  if (keyAgreement.chipPrivate !== null)
    it('the chip answers every command as published', () => {
      for (const prepared of [false, true]) {
        const random = new ScriptedRandom()
          .bytes(run.nonce)
          .privateKey(mapping.chipPrivate!)
          .privateKey(keyAgreement.chipPrivate!);
        const chip = chipOf(run, random);
        if (prepared) chip.prepare();
        for (const { step, command, response } of run.apdus) expect(answer(chip, run, command), step).toBe(response);
        expect(random.left).toBe(0);
        expect(chip.awaits).toBeNull();
        expect(toHex(chip.chipEphemeralKey)).toBe(keyAgreement.chipPublic);
        expectKeys(chip.takeSession(), run);
        expect(chip.takeSession()).toBeNull();
      }
    });

  it('the terminal sends every command as published', () => {
    const random = new ScriptedRandom().privateKey(mapping.terminalPrivate).privateKey(keyAgreement.terminalPrivate);
    const terminal = new PaceTerminal({
      crypto,
      random,
      ...paceProtocol(fromHex(run.protocolOid))!,
      parameterId: run.domainParameterId,
      sendParameterId: (run.apdus[0]?.command ?? '').includes(
        `8401${run.domainParameterId.toString(16).toUpperCase()}`,
      ),
      reference: run.password.reference,
      password: password(run),
    });
    let command: Uint8Array | null = terminal.start();
    for (const apdu of run.apdus) {
      expect(toHex(command!), apdu.step).toBe(apdu.command);
      command = terminal.next(fromHex(apdu.response));
    }
    expect(command).toBeNull();
    expect(toHex(terminal.chipEphemeralKey)).toBe(keyAgreement.chipPublic);
    expectKeys(terminal.takeSession(), run);
    const cam = run.chipAuthenticationMapping;
    expect(toHex(terminal.chipAuthenticationData)).toBe(cam?.caData ?? '');
    if (cam === undefined) return;
    const { curve } = standardizedParameters(run.domainParameterId)!;
    const proves = (key: string): boolean =>
      provesStaticKey(crypto, curve, terminal.chipAuthenticationData, fromHex(key), terminal.chipMappingKey);
    expect(proves(cam.chipStaticPublic)).toBe(true);
    expect(proves(mapping.terminalPublic)).toBe(false);
  });
});

describe('what a chip refuses', () => {
  const run = file.runs[0] as Run;
  const started = (upTo: number): PaceChip => {
    const random = new ScriptedRandom()
      .bytes(run.nonce)
      .privateKey(run.mapping.chipPrivate!)
      .privateKey(run.keyAgreement.chipPrivate!);
    const chip = chipOf(run, random);
    for (const { command } of run.apdus.slice(0, upTo)) answer(chip, run, command);
    return chip;
  };
  // biome-ignore lint/suspicious/noExplicitAny: rows of several shapes
  const row = (id: string): any => file.refusals.find((refusal: { id: string }) => refusal.id === id);
  const point = (tag: number, hex: string): string => {
    const length = (value: number): string => value.toString(16).padStart(2, '0');
    const inner = `${length(tag)}${length(hex.length / 2)}${hex}`;
    const data = `7C${length(inner.length / 2)}${inner}`;
    return `10860000${length(data.length / 2)}${data}00`.toUpperCase();
  };

  it.each([
    ['the terminal sends our own key back', 3, point(0x83, row('same-public-key').terminalEphemeralPublic), '6300'],
    ['our own mapping key', 2, point(0x81, run.mapping.chipPublic), '6300'],
    ['a mapping key off the curve', 2, point(0x81, row('mapping-key-not-on-curve').terminalMappingPublic), '6A80'],
    ['a mapping key at infinity', 2, point(0x81, '00'), '6A80'],
    ['a compressed point', 2, point(0x81, `02${run.mapping.terminalPublic.slice(2, 66)}`), '6A80'],
    ['an ephemeral key off the curve', 3, point(0x83, row('mapping-key-not-on-curve').terminalMappingPublic), '6A80'],
    ['a token of 7 bytes', 4, row('token-truncated').command, '6300'],
    ['one bit of the token', 4, row('token-one-bit').command, '6300'],
    ['a step before its time', 1, row('step-out-of-order').command, '6985'],
    ['a step twice', 3, run.apdus[2]!.command, '6985'],
    ['the token without a chain before it', 1, run.apdus[4]!.command, '6985'],
    ['a step that ends the chain too early', 1, run.apdus[1]!.command.replace(/^10/, '00'), '6985'],
    ['the last step, and the chain goes on', 4, run.apdus[4]!.command.replace(/^00/, '10'), '6883'],
    ['no template', 1, '1086000000', '6A80'],
    ['another template', 1, '10860000027D0000', '6A80'],
    ['something after the template', 1, '10860000047C00010000', '6A80'],
    ['an object twice', 2, '10860000087C0681010481010400', '6A80'],
    ['a length of 4 GB', 2, '10860000067C84FFFFFFFF00', '6A80'],
    ['no protocol', 0, run.apdus[1]!.command, '6985'],
  ] as [string, number, string, string][])('%s', (_, upTo, command, expected) => {
    const chip = started(upTo);
    expect(answer(chip, run, command)).toBe(expected);
    expect(chip.awaits).toBeNull();
    expect(chip.takeSession()).toBeNull();
    // Nothing of the run is left: the rest of it is worth nothing.
    for (const { command: rest } of run.apdus.slice(1)) expect(answer(chip, run, rest)).toBe('6985');
  });

  it.each([
    ['no protocol', '830101', '6A80'],
    ['3DES', '800A04007F00070202040201830101', '6A80'],
    ['integrated mapping', '800A04007F00070202040402830101', '6A80'],
    ['another cipher', '800A04007F00070202040204830101', '6A80'],
    ['a curve that is not offered', '800A04007F0007020204020283010184010C', '6A88'],
    ['a parameter number of two bytes', '800A04007F000702020402028301018402000D', '6A88'],
  ])('MSE:Set AT with %s', (_, template, expected) => {
    expect(answer(started(0), run, `0022C1A4${(template.length / 2).toString(16).padStart(2, '0')}${template}`)).toBe(
      expected,
    );
  });

  it('the wrong CAN gives 6300 and no session', () => {
    const wrong = row('wrong-can');
    const base = file.runs.find(({ id }: Run) => id === wrong.base) as Run;
    const random = new ScriptedRandom()
      .bytes(base.nonce)
      .privateKey(base.mapping.chipPrivate!)
      .privateKey(base.keyAgreement.chipPrivate!);
    const chip = chipOf(base, random);
    for (const { command } of base.apdus.slice(0, 3)) answer(chip, base, command);
    answer(chip, base, point(0x83, wrong.terminalEphemeralPublic));
    expect(answer(chip, base, `008600000C7C0A8508${wrong.terminalToken}00`)).toBe('6300');
    expect(chip.takeSession()).toBeNull();
  });
});
