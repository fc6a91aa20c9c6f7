import { fromHex, toHex } from '../../src/apdu/index.ts';
import {
  domainParameters,
  fieldLength,
  knownCurve,
  standardizedParameters,
} from '../../src/secure-channel/domain-parameters.ts';
import { paceOid, paceProtocol } from '../../src/secure-channel/object-identifier.ts';
import { parseSecurityInfos, type SecurityInfo } from '../../src/secure-channel/security-infos.ts';
import {
  cardInfoLocator,
  chipAuthenticationDomainParameterInfo,
  chipAuthenticationInfo,
  chipAuthenticationPublicKeyInfo,
  encodeSecurityInfos,
  paceInfo,
  privilegedTerminalInfo,
  terminalAuthenticationInfo,
} from '../../src/secure-channel/security-infos-writer.ts';
import { loadVectors } from '../vectors/load.ts';
import { describe, expect, it } from './cases.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
const [file, pace, more] = [loadVectors<any>('eac-ta-ca'), loadVectors<any>('pace'), loadVectors<any>('pace-more')];
const inWords = (info: SecurityInfo): string => {
  switch (info.kind) {
    case 'pace':
      return `PACE ${info.protocol?.mapping ?? '?'} ${info.protocol?.cipher ?? '?'} ${info.version} ${info.parameterId}`;
    case 'chip-authentication':
      return `CA ${info.cipher ?? '?'} ${info.version} ${info.keyId}`;
    case 'chip-authentication-domain-parameters':
      return `CA parameters ${info.curve ?? '?'} ${info.parameterId} ${info.keyId}`;
    case 'chip-authentication-public-key':
      return `CA key ${info.curve} ${info.publicKey.length} ${info.keyId}`;
    case 'terminal-authentication':
      return `TA ${info.version}`;
    case 'card-info':
      return `CI ${info.url}`;
    case 'privileged-terminal':
      return `PT (${info.infos.map(inWords).join(', ')})`;
    case 'other':
      return `? ${toHex(info.oid)}`;
  }
};
const words = (hex: string): string[] => parseSecurityInfos(fromHex(hex)).map(inWords);

describe('published EF.CardAccess files', () => {
  it('the BSI worked example', () => {
    const expected = [
      'TA 2',
      'CA AES-128 2 1',
      'PACE GM AES-128 2 13',
      'CA parameters brainpoolP256r1 13 1',
      'CI https://www.hjp-consulting.com/home',
      'PT (CA AES-128 2 2, CA parameters brainpoolP256r1 13 2)',
    ];
    expect(words(file.runs[0].efCardAccess)).toEqual(expected);
  });

  it.each([
    [
      'ef_cardaccess_old_testcard',
      [
        'TA 2',
        'CA AES-128 2 null',
        'PACE GM AES-128 1 null',
        'CI AwT ePA - BDr GmbH - Testkarte v1.0',
        'CA parameters ? null null',
        '? 04007F000702020402',
      ],
    ],
    [
      'ef_cardaccess_ca3',
      [
        'TA 2',
        'CA AES-128 2 72',
        'CA AES-128 3 79',
        'PACE GM AES-128 2 13',
        'PACE CAM AES-128 2 13',
        '? 04007F000702020B010203',
        'CA parameters brainpoolP256r1 13 72',
        'CA parameters brainpoolP256r1 13 79',
        'CI http://bsi.bund.de/cif/npa.xml',
        'PT (CA AES-128 2 73, CA parameters brainpoolP256r1 13 73)',
      ],
    ],
  ])('%s', (id, expected) => {
    const row = file.cardAccessFiles.rows.find((candidate: { id: string }) => candidate.id === id);
    expect(words(row.file)).toEqual(expected);
  });

  it('every file has as many infos as its source counted', () => {
    for (const row of file.cardAccessFiles.rows) {
      expect(parseSecurityInfos(fromHex(row.file)), row.id).toHaveLength(row.securityInfos.length);
    }
  });

  it('the key of EF.CardSecurity, explicit parameters and all', () => {
    const infos = parseSecurityInfos(fromHex(file.runs[0].efCardSecurity.securityInfos));
    const key = infos.find((info) => info.kind === 'chip-authentication-public-key');
    expect(key?.kind === 'chip-authentication-public-key' && toHex(key.publicKey)).toBe(
      file.runs[0].chipAuthentication.chipPublic,
    );
    expect(key).toHaveProperty('curve', 'brainpoolP256r1');
    expect(key).toHaveProperty('keyId', 1);
  });
});

describe('our own infos', () => {
  it('are those of the published files, byte for byte', () => {
    const infos = [
      terminalAuthenticationInfo(),
      chipAuthenticationInfo('AES-128', 1),
      paceInfo({ mapping: 'GM', cipher: 'AES-128' }, 13),
      chipAuthenticationDomainParameterInfo('brainpoolP256r1', 1),
      cardInfoLocator('https://www.hjp-consulting.com/home'),
      privilegedTerminalInfo([
        chipAuthenticationInfo('AES-128', 2),
        chipAuthenticationDomainParameterInfo('brainpoolP256r1', 2),
      ]),
    ];
    expect(toHex(encodeSecurityInfos(infos))).toBe(file.runs[0].efCardAccess);
  });

  it.each([...pace.runs, ...more.runs] as {
    id: string;
    efCardAccess: string;
    protocolOid: string;
    domainParameterId: number;
  }[])('the one of $id', (run) => {
    if (run.efCardAccess === undefined) return;
    const protocol = paceProtocol(fromHex(run.protocolOid))!;
    expect(toHex(paceOid(protocol))).toBe(run.protocolOid);
    const ours = encodeSecurityInfos([paceInfo(protocol, run.domainParameterId)]);
    if (parseSecurityInfos(fromHex(run.efCardAccess)).length === 1) expect(toHex(ours)).toBe(run.efCardAccess);
  });

  it('a public key comes back', () => {
    const { generator } = domainParameters('P-521');
    const [info] = parseSecurityInfos(encodeSecurityInfos([chipAuthenticationPublicKeyInfo('P-521', generator, 300)]));
    expect(info).toEqual({
      kind: 'chip-authentication-public-key',
      curve: 'P-521',
      parameterId: 18,
      publicKey: generator,
      keyId: 300,
    });
  });

  it('an address that is none is refused', () => {
    expect(() => cardInfoLocator('https://é')).toThrow(RangeError);
    expect(() => cardInfoLocator('x'.repeat(256))).toThrow(RangeError);
  });
});

describe('files that are none', () => {
  it.each([
    ['nothing', ''],
    ['another tag', '3000'],
    ['cut short', '31143012060A04007F0007020204020202010202'],
    ['4 GB', '3184FFFFFFFF3012'],
    ['an info that is no sequence', '310402020101'],
    ['an info without a protocol', '31053003020102'],
    ['a negative version', '310F300D060804007F0007020202020182'],
    ['a version of five bytes', '31133011060804007F00070202020205010000000001'],
    [
      'sixty-five infos',
      `31820271${'300806060404040404 04'.replace(/ /g, '').repeat(0)}${'3006060428818181'.repeat(65)}`,
    ],
  ])('%s', (_, hex) => {
    expect(() => parseSecurityInfos(fromHex(hex))).toThrow(expect.objectContaining({ fault: 'malformed' }));
  });

  it('a control character of a card never gets out', () => {
    const [info] = parseSecurityInfos(fromHex('3112 3010 0608 04007F0007020206 1604 1B5B324A'));
    expect(info).toEqual({ kind: 'card-info', url: '?[2J' });
  });
});

describe('curves', () => {
  interface CurveRow {
    readonly curve: string;
    readonly domainParameterId: number;
    readonly p: string;
    readonly a: string;
    readonly b: string;
    readonly gx: string;
    readonly gy: string;
    readonly n: string;
  }
  it.each(more.curves.rows as CurveRow[])('$curve is number $domainParameterId', (row) => {
    const parameters = standardizedParameters(row.domainParameterId);
    if (parameters === null) return expect(['P-224', 'brainpoolP224r1', 'brainpoolP320r1']).toContain(row.curve);
    const pad = (hex: string): string => hex.padStart(2 * fieldLength(parameters.curve), '0');
    expect(parameters.curve).toBe(row.curve);
    expect(toHex(parameters.generator)).toBe(`04${pad(row.gx)}${pad(row.gy)}`);
    expect([parameters.prime, parameters.a, parameters.b, parameters.order].map((bytes) => toHex(bytes))).toEqual(
      [row.p, row.a, row.b, row.n].map(pad),
    );
    const given = { ...parameters, prime: fromHex(`00${row.p}`) };
    expect(knownCurve(given)).toBe(parameters.curve);
    for (const field of ['prime', 'a', 'b', 'generator', 'order'] as const) {
      const changed = Uint8Array.from(parameters[field]);
      changed[5] = (changed[5] as number) ^ 1;
      expect(knownCurve({ ...parameters, [field]: changed })).toBeNull();
      expect(knownCurve({ ...parameters, [field]: new Uint8Array(0) })).toBeNull();
    }
  });
});
