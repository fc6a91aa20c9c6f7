/**
 * Elliptic curves by their numbers in PACEInfo (BSI TR-03110-3 A.2.1.1, table 4), and their explicit parameters, which
 * a self-signed certificate carries (BSI TR-03110-3 D.3.3). Figures: FIPS 186-4 appendix D.1.2, RFC 5639 section 3.
 *
 * A terminal uses curves of this table only: parameters that a card sends are compared with it and never computed with.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { fromHex } from '../apdu/index.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import type { CurveName, HashName } from '../hal/crypto.ts';

export interface DomainParameters {
  readonly curve: CurveName;
  /** Number of the standardized parameters. */
  readonly id: number;
  /** Bytes of a coordinate; an order has as many on all of these curves. */
  readonly fieldLength: number;
  readonly prime: Uint8Array;
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  /** `04 X Y`. */
  readonly generator: Uint8Array;
  readonly order: Uint8Array;
}

interface Figures {
  readonly p: string;
  readonly a: string;
  readonly b: string;
  readonly x: string;
  readonly y: string;
  readonly n: string;
}

const FIGURES: readonly (readonly [number, CurveName, Figures])[] = [
  [
    12,
    'P-256',
    {
      p: 'FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF',
      a: 'FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC',
      b: '5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B',
      x: '6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296',
      y: '4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5',
      n: 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551',
    },
  ],
  [
    13,
    'brainpoolP256r1',
    {
      p: 'A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377',
      a: '7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9',
      b: '26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6',
      x: '8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262',
      y: '547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997',
      n: 'A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7',
    },
  ],
  [
    15,
    'P-384',
    {
      p: 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF',
      a: 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFC',
      b: 'B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF',
      x: 'AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7',
      y: '3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F',
      n: 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973',
    },
  ],
  [
    16,
    'brainpoolP384r1',
    {
      p: '8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123ACD3A729901D1A71874700133107EC53',
      a: '7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F8AA5814A503AD4EB04A8C7DD22CE2826',
      b: '04A8C7DD22CE28268B39B55416F0447C2FB77DE107DCD2A62E880EA53EEB62D57CB4390295DBC9943AB78696FA504C11',
      x: '1D1C64F068CF45FFA2A63A81B7C13F6B8847A3E77EF14FE3DB7FCAFE0CBD10E8E826E03436D646AAEF87B2E247D4AF1E',
      y: '8ABE1D7520F9C2A45CB1EB8E95CFD55262B70B29FEEC5864E19C054FF99129280E4646217791811142820341263C5315',
      n: '8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7CF3AB6AF6B7FC3103B883202E9046565',
    },
  ],
  [
    17,
    'brainpoolP512r1',
    {
      p:
        'AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA703308717D4D9B009BC66842AECDA12AE6A380E6' +
        '2881FF2F2D82C68528AA6056583A48F3',
      a:
        '7830A3318B603B89E2327145AC234CC594CBDD8D3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B5' +
        '7F1117A72BF2C7B9E7C1AC4D77FC94CA',
      b:
        '3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CADC083E67' +
        '984050B75EBAE5DD2809BD638016F723',
      x:
        '81AEE4BDD82ED9645A21322E9C4C6A9385ED9F70B5D916C1B43B62EEF4D0098EFF3B1F78E2D0D48D50D1687B93B97D5F' +
        '7C6D5047406A5E688B352209BCB9F822',
      y:
        '7DDE385D566332ECC0EABFA9CF7822FDF209F70024A57B1AA000C55B881F8111B2DCDE494A5F485E5BCA4BD88A2763AE' +
        'D1CA2B2FA8F0540678CD1E0F3AD80892',
      n:
        'AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330870553E5C414CA92619418661197FAC1047' +
        '1DB1D381085DDADDB58796829CA90069',
    },
  ],
  [
    18,
    'P-521',
    {
      p:
        '01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF' +
        'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF',
      a:
        '01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF' +
        'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC',
      b:
        '0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1' +
        'BF073573DF883D2C34F1EF451FD46B503F00',
      x:
        '00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FF' +
        'A8DE3348B3C1856A429BF97E7E31C2E5BD66',
      y:
        '011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD' +
        '0761353C7086A272C24088BE94769FD16650',
      n:
        '01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709' +
        'A5D03BB5C9B8899C47AEBB6FB71E91386409',
    },
  ],
];

/** As bytes: made when a curve is first asked for, because a chip starts slowly enough without them. */
const made: Map<number, DomainParameters> = new Map();

function parametersOf([id, curve, { p, a, b, x, y, n }]: (typeof FIGURES)[number]): DomainParameters {
  const before = made.get(id);
  if (before !== undefined) return before;
  const parameters = {
    curve,
    id,
    fieldLength: p.length / 2,
    prime: fromHex(p),
    a: fromHex(a),
    b: fromHex(b),
    generator: fromHex(`04${x}${y}`),
    order: fromHex(n),
  };
  made.set(id, parameters);
  return parameters;
}

/** The domain parameters that a PACEInfo names by number; null for other kinds of groups and unsupported curves. */
export function standardizedParameters(id: number): DomainParameters | null {
  const row = FIGURES.find(([each]) => each === id);
  return row === undefined ? null : parametersOf(row);
}

export function domainParameters(curve: CurveName): DomainParameters {
  return parametersOf(FIGURES.find(([, each]) => each === curve)!);
}

/** Bytes of a coordinate. */
export function fieldLength(curve: CurveName): number {
  return FIGURES.find(([, each]) => each === curve)![2].p.length / 2;
}

/** The hash whose strength is the curve's. */
export function matchingHash(curve: CurveName): HashName {
  const length = fieldLength(curve);
  if (length === 32) return 'sha-256';
  return length === 48 ? 'sha-384' : 'sha-512';
}

/** X of a point `04 X Y`: Comp of BSI TR-03110-3 A.2.2.3, at the length of the field. */
export function compressed(point: Uint8Array): Uint8Array {
  return copyBytes(point, 1, 1 + ((point.length - 1) >> 1));
}

/** Explicit parameters as a card or a certificate gives them: numbers may have zeros before them, or lack them. */
export interface ExplicitParameters {
  readonly prime: Uint8Array;
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly generator: Uint8Array;
  readonly order: Uint8Array;
}

/** The curve whose parameters these are, every one of them; or null. */
export function knownCurve(given: ExplicitParameters): CurveName | null {
  for (const each of FIGURES) {
    const row = parametersOf(each);
    if (
      sameNumber(row.prime, given.prime) &&
      sameNumber(row.a, given.a) &&
      sameNumber(row.b, given.b) &&
      sameBytes(row.generator, given.generator) &&
      sameNumber(row.order, given.order)
    ) {
      return row.curve;
    }
  }
  return null;
}

/** An unsigned integer in the fewest bytes, one at least. */
export function withoutLeadingZeros(number: Uint8Array): Uint8Array {
  let start = 0;
  while (start < number.length - 1 && number[start] === 0) start++;
  return number.subarray(start);
}

function sameNumber(a: Uint8Array, b: Uint8Array): boolean {
  return b.length > 0 && sameBytes(withoutLeadingZeros(a), withoutLeadingZeros(b));
}
