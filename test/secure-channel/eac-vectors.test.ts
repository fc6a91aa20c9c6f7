import { fromHex, SW, toHex } from '../../src/apdu/index.ts';
import { readAuthenticationTemplate } from '../../src/secure-channel/authentication-template.ts';
import { authorizationOf, parseAuthorization, rightsOfType } from '../../src/secure-channel/authorization.ts';
import { parseCertificate } from '../../src/secure-channel/card-verifiable-certificate.ts';
import { ChipAuthenticationChip } from '../../src/secure-channel/chip-authentication-chip.ts';
import { ChipAuthenticationTerminal } from '../../src/secure-channel/chip-authentication-terminal.ts';
import { protectCommand, unprotectCommand } from '../../src/secure-channel/command-protection.ts';
import { chipAuthenticationCipher } from '../../src/secure-channel/object-identifier.ts';
import { protectResponse, unprotectResponse } from '../../src/secure-channel/response-protection.ts';
import type { SecureSession } from '../../src/secure-channel/secure-session.ts';
import { TerminalAuthenticationChip } from '../../src/secure-channel/terminal-authentication-chip.ts';
import { TerminalAuthenticationTerminal } from '../../src/secure-channel/terminal-authentication-terminal.ts';
import { type ImportedKey, rootTrustPoint } from '../../src/secure-channel/trust-point.ts';
import { loadVectors } from '../vectors/load.ts';
import { crypto, meaning, parsed, sessionOf } from './bench-session.ts';
import { describe, expect, it } from './cases.ts';
import { ScriptedRandom } from './scripted-random.ts';

interface Apdu {
  readonly step: string;
  readonly plainCommand: string;
  readonly plainResponse: string;
  readonly sscBefore: string;
  readonly command: string;
  readonly response: string;
  readonly sscAfter: string;
}

interface Run {
  readonly id: string;
  readonly paceKeys: { readonly ksEnc: string; readonly ksMac: string };
  readonly certificates: readonly string[];
  readonly root: string;
  readonly date: number;
  readonly terminalKey: {
    readonly privateKey: string;
    readonly curve: 'P-256' | 'brainpoolP512r1';
    readonly hash: 'sha-256' | 'sha-512';
  };
  readonly ta: {
    readonly idPicc: string;
    readonly challenge: string;
    readonly auxiliaryData: string;
    readonly compressedCaKey: string;
    readonly signature: string;
  };
  readonly ca: {
    readonly protocolOid: string;
    readonly keyId: number;
    readonly curve: 'brainpoolP256r1';
    readonly chipPrivate: string;
    readonly chipPublic: string;
    readonly terminalPrivate: string;
    readonly terminalPublic: string;
    readonly nonce: string;
    readonly ksEnc: string;
    readonly ksMac: string;
  };
  readonly apdus: readonly Apdu[];
  readonly after: {
    readonly plainCommand: string;
    readonly command: string;
    readonly plainResponse: string;
    readonly response: string;
  };
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
const file = loadVectors<any>('eac-ta-ca');
const [example] = file.runs;
const pki = file.computedPki;
const certificateOf = (id: string): string => pki.chain.find((row: { id: string }) => row.id === id).certificate;

const runs: readonly Run[] = [
  {
    id: example.id,
    paceKeys: example.pace,
    root: example.certificates.cvca.certificate,
    certificates: [example.certificates.dv.certificate, example.certificates.at.certificate],
    date: 100930,
    terminalKey: {
      privateKey: example.terminalAuthentication.terminalKey.privateKey,
      curve: 'brainpoolP512r1',
      hash: 'sha-512',
    },
    ta: example.terminalAuthentication,
    ca: { ...example.chipAuthentication, curve: 'brainpoolP256r1' },
    apdus: example.apdus,
    after: example.afterChipAuthentication,
  },
  // biome-ignore lint/suspicious/noExplicitAny: as above
  ...file.computedRuns.map((run: any) => ({
    id: run.id,
    paceKeys: { ksEnc: run.paceKsEnc, ksMac: run.paceKsMac },
    root: certificateOf('cvca1'),
    certificates: ['link', 'dv', 'at'].map(certificateOf),
    date: Number(pki.chipDate),
    terminalKey: { privateKey: pki.privateKeys.at, curve: 'P-256', hash: 'sha-256' },
    ta: run.terminalAuthentication,
    ca: run.chipAuthentication,
    apdus: run.apdus,
    after: run.afterChipAuthentication,
  })),
];

const everything = authorizationOf('AT', 'terminal', rightsOfType('AT'));

/** The chip between PACE and the end of chip authentication. */
function chipOf(run: Run, confined = everything): { ta: TerminalAuthenticationChip; ca: ChipAuthenticationChip } {
  const root = rootTrustPoint(crypto, parseCertificate(fromHex(run.root))) as ImportedKey;
  const random = new ScriptedRandom().bytes(run.ta.challenge);
  // The root of the worked example is for inspection systems and its terminal an authentication terminal, which
  // BSI TR-03110-3 2.7.1 does not allow: the trust point gets the terminal's type here.
  const chain = [authorizationOf('AT', 'CVCA', rightsOfType('AT'))];
  return {
    ta: new TerminalAuthenticationChip({
      crypto,
      random,
      trust: { trustPoints: [{ ...root, chain }], date: run.date },
      idPicc: fromHex(run.ta.idPicc),
      confined,
    }),
    ca: new ChipAuthenticationChip({
      crypto,
      random: new ScriptedRandom().bytes(run.ca.nonce),
      keys: [
        {
          keyId: run.ca.keyId,
          curve: run.ca.curve,
          privateKey: fromHex(run.ca.chipPrivate),
          ciphers: [chipAuthenticationCipher(fromHex(run.ca.protocolOid))!],
        },
      ],
    }),
  };
}

/** What the card's dispatcher will do: data and status word. */
function answer({ ta, ca }: ReturnType<typeof chipOf>, commandHex: string | Uint8Array): string {
  const command = parsed(commandHex);
  const data = command.bytes.subarray(command.dataOffset, command.dataOffset + command.nc);
  const p1p2 = (command.p1 << 8) | command.p2;
  let body: Uint8Array = new Uint8Array(0);
  let status: number;
  if (command.ins === 0x22) {
    const template = readAuthenticationTemplate(data);
    if (template === null) status = SW.WRONG_DATA;
    else if (p1p2 === 0x81b6) status = ta.selectKey(template);
    else status = p1p2 === 0x81a4 ? ta.setTemplate(template) : ca.select(template);
  } else if (command.ins === 0x2a) status = ta.verifyCertificate(data);
  else if (command.ins === 0x84) {
    body = ta.challenge();
    status = SW.OK;
  } else if (command.ins === 0x82) status = ta.authenticate(data);
  else {
    status = ca.step(data, ta.terminal?.compressedKey ?? null);
    if (status === SW.OK) body = ca.response;
  }
  return toHex(body) + status.toString(16).toUpperCase();
}

describe.each(runs)('$id', (run) => {
  it('the chip answers as published, inside the channel', () => {
    const chip = chipOf(run);
    const session = sessionOf(run.paceKeys, run.apdus[0]!.sscBefore);
    for (const apdu of run.apdus) {
      expect(toHex(session.counter), apdu.step).toBe(apdu.sscBefore);
      const command = parsed(apdu.command);
      expect(unprotectCommand(session, command, new Uint8Array(2048)), apdu.step).toBe(SW.OK);
      expect(meaning(command), apdu.step).toBe(meaning(parsed(apdu.plainCommand)));
      expect(answer(chip, apdu.plainCommand), `${apdu.step}: ${chip.ta.reason}`).toBe(apdu.plainResponse);
      expect(sealed(session, apdu.plainResponse), apdu.step).toBe(apdu.response);
      expect(toHex(session.counter), apdu.step).toBe(apdu.sscAfter);
    }
    expect(toHex(chip.ta.terminal!.compressedKey)).toBe(run.ta.compressedCaKey);
    const next = chip.ca.takeSession()!;
    const command = parsed(run.after.command);
    expect(unprotectCommand(next, command, new Uint8Array(64))).toBe(SW.OK);
    expect(meaning(command)).toBe(meaning(parsed(run.after.plainCommand)));
    expect(sealed(next, run.after.plainResponse)).toBe(run.after.response);
  });

  it('the terminal sends as published, inside the channel', () => {
    const session = sessionOf(run.paceKeys, run.apdus[0]!.sscBefore);
    const signed = run.apdus.find(({ step }) => step === 'EXTERNAL AUTHENTICATE')!.plainCommand;
    const terminal = new TerminalAuthenticationTerminal({
      // The worked example signed with a random number of its own: ours is another signature of the same input.
      crypto: { ...crypto, ecdsaSign: () => fromHex(run.ta.signature) },
      certificates: run.certificates.map((certificate) => fromHex(certificate)),
      key: { ...run.terminalKey, privateKey: fromHex(run.terminalKey.privateKey) },
      chipEphemeralKey: fromHex(`04${run.ta.idPicc}${run.ta.idPicc}`),
      ephemeralPublicKey: fromHex(run.ca.terminalPublic),
      ...(run.ta.auxiliaryData !== '' && { auxiliaryData: fromHex(run.ta.auxiliaryData).subarray(2) }),
    });
    expect(signed).toContain(run.ta.signature);
    const chipAuthentication = new ChipAuthenticationTerminal({
      crypto,
      cipher: chipAuthenticationCipher(fromHex(run.ca.protocolOid))!,
      curve: run.ca.curve,
      keyId: run.ca.keyId,
      chipPublicKey: fromHex(run.ca.chipPublic),
      ephemeral: { privateKey: fromHex(run.ca.terminalPrivate), publicKey: fromHex(run.ca.terminalPublic) },
    });
    let command: Uint8Array | null = terminal.start();
    let inTerminalAuthentication = true;
    for (const apdu of run.apdus) {
      expect(meaning(parsed(command!)), apdu.step).toBe(meaning(parsed(apdu.plainCommand)));
      protectCommand(session, parsed(apdu.plainCommand));
      const { data, status } = unprotectResponse(session, fromHex(apdu.response), { odd: false });
      const response = Uint8Array.of(...data, status >> 8, status & 0xff);
      expect(toHex(response)).toBe(apdu.plainResponse);
      command = inTerminalAuthentication ? terminal.next(response) : chipAuthentication.next(response);
      if (command === null && inTerminalAuthentication) {
        inTerminalAuthentication = false;
        command = chipAuthentication.start();
      }
    }
    const next = chipAuthentication.takeSession();
    expect(toHex(protectCommand(next, parsed(run.after.plainCommand)))).toBe(run.after.command);
    expect(toHex(unprotectResponse(next, fromHex(run.after.response), { odd: false }).data)).toBe(
      run.after.plainResponse.slice(0, -4),
    );
  });

  it('our signature of the same input holds', () => {
    const chip = chipOf(run);
    const terminal = new TerminalAuthenticationTerminal({
      crypto,
      certificates: run.certificates.map((certificate) => fromHex(certificate)),
      key: { ...run.terminalKey, privateKey: fromHex(run.terminalKey.privateKey) },
      chipEphemeralKey: fromHex(`04${run.ta.idPicc}${run.ta.idPicc}`),
      ephemeralPublicKey: fromHex(run.ca.terminalPublic),
    });
    let command: Uint8Array | null = terminal.start();
    while (command !== null) command = terminal.next(fromHex(answer(chip, command)));
    expect(chip.ta.terminal?.auxiliaryData).toEqual([]);
  });
});

describe('each precondition of terminal authentication, violated alone', () => {
  const run = runs[1]!;
  const [dst1, link, dst2, dv, dst3, at, setAt, challenge, external] = run.apdus.map(
    ({ plainCommand }) => plainCommand,
  );
  const all = [dst1, link, dst2, dv, dst3, at, setAt, challenge, external] as string[];
  const flip = (hex: string, at: number): string => {
    const bytes = fromHex(hex);
    bytes[at] = (bytes[at] as number) ^ 1;
    return toHex(bytes);
  };
  const length = (hex: string): number => hex.length / 2;

  it('as it is, it holds', () => {
    const chip = chipOf(run);
    expect(all.map((command) => answer(chip, command).slice(-4))).toEqual(all.map(() => '9000'));
    expect(toHex(chip.ta.terminal!.authorization.bits)).toBe(pki.effectiveRights.value);
    // Its date is later than that of any of the certificates, and stays.
    expect(chip.ta.trust.date).toBe(260115);
    expect(chip.ta.trust.trustPoints).toHaveLength(2);
  });

  it.each([
    ['no key was selected', [link], '6985'],
    ['a key that the chip does not have', ['002281B611830F555454455354435643413030303039'], '6A88'],
    ['MSE:Set DST without a name', ['002281B60380010A'], '6A80'],
    ['a document verifier before the link', [dst2], '6A88'],
    ['the same selected key for two certificates', [dst1, link, dv], '6985'],
    ['no certificate at all', [setAt], '6A88'],
    [
      'the document verifier as the terminal',
      [dst1, link, dst2, dv, setAt!.replaceAll('5554544553544154555430303030', '5554544553544456555430303030')],
      '6A88',
    ],
    [
      'another algorithm than the key has',
      [dst1, link, dst2, dv, dst3, at, setAt!.replace('0202020203', '0202020205')],
      '6A80',
    ],
    [
      'no ephemeral key',
      [dst1, link, dst2, dv, dst3, at, '002281A41D800A04007F00070202020203830F555454455354415455543030303031'],
      '6A80',
    ],
    ['no template', [dst1, link, dst2, dv, dst3, at, challenge, external], '6985'],
    ['no challenge', [dst1, link, dst2, dv, dst3, at, setAt, external], '6985'],
    ['a certificate whose signature is wrong', [dst1, flip(link!, length(link!) - 1)], '6300'],
    ['a certificate that is cut short', [dst1, `002A00BE08${link!.slice(14, 30)}`], '6A80'],
    ['a signature that is wrong', [...all.slice(0, -1), flip(external!, length(external!) - 1)], '6300'],
    ['a signature that is cut short', [...all.slice(0, -1), `008200003F${external!.slice(10, -2)}`], '6300'],
    ['another compressed key', [...all.slice(0, 6), flip(setAt!, length(setAt!) - 1), challenge, external], '6300'],
    [
      'auxiliary data that were not signed',
      [...all.slice(0, 6), withAuxiliaryData(setAt!), challenge, external],
      '6300',
    ],
    ['a challenge that is used again', [...all.slice(0, -1), flip(external!, 20), setAt, external], '6985'],
    ['terminal authentication a second time', [...all, setAt], '6982'],
  ] as [string, string[], string][])('%s', (_, commands, expected) => {
    const chip = chipOf(run);
    const answers = commands.map((command) => answer(chip, command).slice(-4));
    expect(answers.at(-1)).toBe(expected);
    if (!_.includes('second time')) expect(chip.ta.terminal).toBeNull();
    // Chip authentication without it gives no channel.
    if (!_.includes('second time')) {
      for (const apdu of run.apdus.slice(9)) answer(chip, apdu.plainCommand);
      expect(chip.ca.takeSession()).toBeNull();
    }
  });

  it('PACE was done for another terminal type, or for none', () => {
    const root = rootTrustPoint(crypto, parseCertificate(fromHex(run.root))) as ImportedKey;
    for (const confined of [authorizationOf('IS', 'terminal', []), null]) {
      const ta = new TerminalAuthenticationChip({
        crypto,
        random: new ScriptedRandom().bytes(run.ta.challenge),
        trust: { trustPoints: [root], date: run.date },
        idPicc: fromHex(run.ta.idPicc),
        confined,
      });
      const chip = { ...chipOf(run), ta };
      expect(all.map((command) => answer(chip, command).slice(-4)).at(-1)).toBe('6985');
      expect(ta.terminal).toBeNull();
    }
  });

  it('what PACE asked for limits what is granted', () => {
    const chip = chipOf(run, parseAuthorization(fromHex('060904007F00070301020253050000000110'))!);
    for (const command of all) answer(chip, command);
    expect(toHex(chip.ta.terminal!.authorization.bits)).toBe('0000000110');
  });

  it.each([
    [
      'another key than the terminal signed for',
      (hex: string) => hex.replace(run.ca.terminalPublic, runs[2]!.ca.terminalPublic),
      '6A80',
    ],
    ['the point with its other Y', (hex: string) => flip(hex, length(hex) - 2), '6A80'],
    ['another good key of the curve', (hex: string) => hex.replace(run.ca.terminalPublic, run.ca.chipPublic), '6300'],
    ['no key', () => '00860000027C0000', '6A80'],
    ['infinity', () => '00860000057C0380010000', '6A80'],
  ])('chip authentication with %s', (_, change, expected) => {
    const chip = chipOf(run);
    for (const command of all) answer(chip, command);
    const [select, agree] = run.apdus.slice(9).map(({ plainCommand }) => plainCommand) as [string, string];
    expect(answer(chip, select)).toBe('9000');
    expect(answer(chip, change(agree))).toBe(expected);
    expect(chip.ca.takeSession()).toBeNull();
    // And it is over: the right key comes too late.
    expect(answer(chip, agree)).toBe('6985');
  });

  it.each([
    ['another protocol', '0022 41A4 0F 800A 04007F00070202030201 840101', '6A80'],
    ['a cipher that is not offered', '0022 41A4 0F 800A 04007F00070202030204 840101', '6A80'],
    ['a key that is not there', '0022 41A4 0F 800A 04007F00070202030202 840109', '6A88'],
    ['no protocol', '0022 41A4 03 840101', '6A80'],
  ])('MSE:Set AT for chip authentication: %s', (_, command, expected) => {
    expect(answer(chipOf(run), toHex(fromHex(command)))).toBe(expected);
  });
});

it('a chain of two terminal types is refused, though its signatures hold', () => {
  const [run] = runs as [Run];
  const chip = chipOf(run);
  const root = rootTrustPoint(crypto, parseCertificate(fromHex(run.root))) as ImportedKey;
  const ta = new TerminalAuthenticationChip({
    crypto,
    random: new ScriptedRandom(),
    trust: { trustPoints: [root], date: run.date },
    idPicc: fromHex(run.ta.idPicc),
    confined: everything,
  });
  const answers = run.apdus.slice(0, 2).map(({ plainCommand }) => answer({ ...chip, ta }, plainCommand));
  expect(answers).toEqual(['9000', '6A80']);
  expect(ta.reason).toMatch(/terminal type/);
});

describe('signatures that the worked example has refused', () => {
  it.each(example.refusals as { name: string; signatureInput: string; signature: string }[])('$name', (row) => {
    const terminal = parseCertificate(fromHex(example.certificates.at.certificate));
    const digest = crypto.hash('sha-512', fromHex(row.signatureInput));
    expect(crypto.ecdsaVerify('brainpoolP512r1', terminal.publicKey.point, digest, fromHex(row.signature))).toBe(false);
  });
});

describe('a terminal refuses a chip that', () => {
  const run = runs[0]!;
  const agree = run.apdus.at(-1)!.plainResponse;
  const started = (chipPublicKey = run.ca.chipPublic): ChipAuthenticationTerminal => {
    const terminal = new ChipAuthenticationTerminal({
      crypto,
      cipher: 'AES-128',
      curve: run.ca.curve,
      chipPublicKey: fromHex(chipPublicKey),
      ephemeral: { privateKey: fromHex(run.ca.terminalPrivate), publicKey: fromHex(run.ca.terminalPublic) },
    });
    terminal.start();
    terminal.next(fromHex('9000'));
    return terminal;
  };

  it.each([
    ['has another key than it shows', run.ta.challenge, example.pace.mapping.chipPublic, agree, 'incorrect'],
    [
      'has a token that is wrong',
      '',
      run.ca.chipPublic,
      agree.replace(/(..)9000$/, (_, last) => `${last === '00' ? '01' : '00'}9000`),
      'incorrect',
    ],
    [
      'has a nonce of seven bytes',
      '',
      run.ca.chipPublic,
      '7C1381074287B3072A3EDC8208FF0117D68DEE8E729000',
      'malformed',
    ],
    ['has no token', '', run.ca.chipPublic, '7C0A81084287B3072A3EDC609000', 'malformed'],
    ['says no', '', run.ca.chipPublic, '6300', 'refused'],
    ['says nothing', '', run.ca.chipPublic, '', 'malformed'],
  ])('%s', (_, __, key, response, fault) => {
    const terminal = started(key);
    expect(() => terminal.next(fromHex(response))).toThrow(expect.objectContaining({ fault }));
    expect(() => terminal.takeSession()).toThrow();
    expect(() => terminal.next(fromHex(agree))).toThrow();
  });

  it('shows our own key', () => {
    expect(() => started(run.ca.terminalPublic)).toThrow(expect.objectContaining({ fault: 'incorrect' }));
  });
});

function sealed(session: SecureSession, plain: string): string {
  const bytes = fromHex(plain);
  const length = bytes.length - 2;
  const status = ((bytes[length] as number) << 8) | (bytes[length + 1] as number);
  const buffer = new Uint8Array(512);
  buffer.set(bytes.subarray(0, length));
  return toHex(buffer.subarray(0, protectResponse(session, buffer, length, status, false))) + plain.slice(-4);
}

function withAuxiliaryData(command: string): string {
  const data = `${command.slice(10)}67177315060904007F00070301040153083139373830383136`;
  return command.slice(0, 8) + (data.length / 2).toString(16).toUpperCase() + data;
}
