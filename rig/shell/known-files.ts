import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { FID, MF_VITALE_NAME, OWN_AID, VITALE_AID } from '../../src/applet/vitale/index.ts';
import { NDEF_AID } from '../tap/ndef.ts';

/** An application that has a name here, and the files in it. */
export interface KnownApplication {
  readonly name: string;
  /** DF name in hexadecimal. */
  readonly aid: string;
  /** File identifiers by name. */
  readonly files: Readonly<Record<string, number>>;
}

/** Applications and files of the shipped profiles by the names of their profiles; a test holds them together. */
export const KNOWN_APPLICATIONS: readonly KnownApplication[] = [
  {
    name: 'mf-vitale',
    aid: toHex(MF_VITALE_NAME),
    files: {
      dir: FID.directory,
      'atr-info': FID.atrInfo,
      pan: FID.pan,
      cardacc: FID.cardAccess,
      cardsec: 0x011d,
      screen: 0x2f07,
      ident: FID.identity,
    },
  },
  {
    name: 'vitale',
    aid: toHex(VITALE_AID),
    files: { pointers: FID.pointers, nir: FID.nirs, carte: FID.cardData },
  },
  {
    name: 'apcv',
    aid: toHex(OWN_AID),
    files: {
      affiliation: FID.affiliation,
      beneficiaries: FID.beneficiaries,
      rights: FID.rights,
      invoices: FID.invoices,
      presence: 0xe005,
      credential: 0xe006,
      sdjwt: 0xe007,
      puk: 0xe008,
      signature: FID.signature,
    },
  },
  {
    name: 'eid',
    aid: 'E80704007F00070302',
    files: { dg1: 0x0101, dg2: 0x0102, dg3: 0x0103, dg4: 0x0104, dg5: 0x0105, dg8: 0x0108, dg17: 0x0111 },
  },
  { name: 'ndef', aid: toHex(NDEF_AID), files: { cc: 0xe103, 'ndef-file': 0xe104 } },
  {
    name: 'lab',
    aid: 'F056495441504C414201',
    files: {
      transparent: 0x6f01,
      'linear-fixed': 0x6f02,
      'linear-variable': 0x6f03,
      cyclic: 0x6f04,
      'data-objects': 0x6f05,
      arr: 0x6f06,
      'free-transparent': 0x6f11,
      'free-linear-fixed': 0x6f12,
      'free-linear-variable': 0x6f13,
      'free-cyclic': 0x6f14,
      'free-data-objects': 0x6f15,
      all: 0x6f21,
      any: 0x6f22,
      not: 0x6f23,
      referenced: 0x6f24,
      never: 0x6f25,
      external: 0x6f26,
      secure: 0x6f27,
      'nested-rule': 0x6f28,
      headers: 0x6f29,
      'by-interface': 0x6f2a,
      deactivated: 0x6f31,
      terminated: 0x6f32,
      initialisation: 0x6f33,
      nested: 0x6f41,
      'nested-twice': 0x6f42,
    },
  },
  { name: 'lab-2', aid: 'F056495441504C414202', files: { 'free-bytes': 0x6f01 } },
  { name: 'bench', aid: 'F042454E434801', files: { records: 0xef01, bytes: 0xef02 } },
];

const APPLICATIONS = new Map(KNOWN_APPLICATIONS.map(({ name, aid }) => [name, fromHex(aid)]));
const FILES = new Map(KNOWN_APPLICATIONS.flatMap(({ files }) => Object.entries(files)));

/**
 * Applications by name, and files by name where the card is known to have their application.
 * @param told DF names that the card has told, in hexadecimal
 */
export function targetNames(told: ReadonlySet<string>): string[] {
  const there = KNOWN_APPLICATIONS.filter(({ aid }, index) => index === 0 || told.has(aid));
  return ['mf', ...APPLICATIONS.keys(), ...there.flatMap(({ files }) => Object.keys(files))];
}

/** Names of the files in an application by its name. */
export function filesOf(application: string): string[] {
  return Object.keys(KNOWN_APPLICATIONS.find(({ name }) => name === application.toLowerCase())?.files ?? {});
}

export function applicationNamed(name: string): Uint8Array | null {
  return APPLICATIONS.get(name.toLowerCase()) ?? null;
}

export function fileNamed(name: string): number | null {
  return FILES.get(name.toLowerCase()) ?? null;
}

/** ` (invoices)`, or nothing for a file that has no name here. */
export function fileNote(application: KnownApplication | null, fid: number): string {
  const own = Object.entries(application?.files ?? {}).find(([, each]) => each === fid);
  return own === undefined ? '' : ` (${own[0]})`;
}
