import {
  ProfileError,
  type ProfileIssue,
  type ProfileWorld,
  parseProfile,
} from '../../../../rig/card/profile/index.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';

const crypto = nobleCrypto();

export function world(seed = 'profile tests'): ProfileWorld {
  return { random: new SeededRandom(seed), crypto };
}

/** A right profile with one of everything, to break in one place at a time. */
export const SMALL = `profile: small
link:
  interface: contact
  protocol: T=1
  historicalBytes: 80 82 90 00
  uid: random
card: { serial: "0001", type: T, validFrom: "20240102" }
holder: { windowSeconds: 60, uses: 1 }
data:
  insured:
    nir: "2751263220749"
    key: "74"
  affiliation: { regime: "01", caisse: "999", centre: "0001", codeGestion: "10" }
  beneficiaries:
    - index: 1
      usualName: ADRUN
      firstName: ZOE
      birthDate: 19751231
      birthRank: 1
      quality: 0
      certifiedNir: "2751263220749"
      key: "74"
      rights: [{ start: 20240101, end: 20241231 }]
    - index: 2
      usualName: CORSE
      firstName: ANTHONY
      birthDate: 20101301
      birthRank: 1
      quality: 6
      certifiedNir: 1 80 03 2b 020 401
      key: "23"
  invoices:
    - number: "000000001"
      date: 20250301
      beneficiary: 2
      professionalId: "999000018"
      professionalName: CABINET
      total: 30.00
      amo: 19.00
      amc: 9.00
      patient: 2.00
      thirdParty: yes
      status: sent
masterFile:
  name: D250000002 4D465F564954414C45
  files:
    - fid: D001
      name: IDENT
      sfi: "02"
      structure: transparent
      access: { read: always }
      content: identity
    - fid: 2F02
      structure: transparent
      access: { read: always }
      content: { tlv: [{ tag: 5A, hex: 80 25 }] }
  directories:
    - fid: 2000
      name: D250000002 564954414C45
      label: VITALE
      files:
        - fid: 2001
          sfi: "01"
          structure: transparent
          access: { read: always }
          content:
            pointers:
              - application: D250000002 4D465F564954414C45
                files: [{ name: IDENT, fid: D001 }]
        - fid: 2002
          sfi: "02"
          structure: transparent
          access: { read: always }
          content: nirs
    - fid: E000
      name: F0 61 62 63 64
      codes:
        - reference: 81
          code: "271828"
          minLength: 6
          maxLength: 6
          tries: 3
          access: always
          unlocksHolder: yes
          unblockedBy: 82
        - { reference: 82, code: "31415926", minLength: 8, maxLength: 8, tries: 5, access: never }
      environments:
        code: { id: 1, reference: 81, by: verify }
        holder: { id: 2, reference: 81, by: holder }
      files:
        - fid: E001
          sfi: "01"
          structure: linear-variable
          recordSize: 32
          capacity: 1
          access: { read: code }
          content: affiliation
        - fid: E002
          sfi: "02"
          structure: linear-variable
          recordSize: 160
          capacity: 4
          access: { read: { contact: code, contactless: holder } }
          content: beneficiaries
        - fid: E003
          structure: linear-variable
          recordSize: 32
          capacity: 4
          access: { read: code }
          content: rights
        - fid: E004
          structure: cyclic
          recordSize: 112
          capacity: 2
          access: { read: code }
          content: invoices
        - fid: E005
          structure: linear-fixed
          recordSize: 2
          capacity: 2
          access: { read: code }
          records: [{ hex: 01 02 }, { text: ab }]
        - fid: E00F
          structure: transparent
          access: { read: code }
          content: signature
`;

/** One change: the text to look for, unique, and what comes in its place. */
export type Change = readonly [from: string, to: string];

/**
 * The small profile with changes, and where `«` stood in it: line and column from 1. The marks are not in the text.
 */
export function broken(...changes: readonly Change[]): { text: string; places: { line: number; column: number }[] } {
  let marked = SMALL;
  for (const [from, to] of changes) {
    if (marked.split(from).length !== 2) throw new Error(`not there exactly once: ${from}`);
    marked = marked.replace(from, () => to);
  }
  const places: { line: number; column: number }[] = [];
  const lines = marked.split('\n').map((text, index) => {
    let at = text.indexOf('«');
    let rest = text;
    while (at >= 0) {
      places.push({ line: index + 1, column: at + 1 });
      rest = rest.replace('«', '');
      at = rest.indexOf('«');
    }
    return rest;
  });
  return { text: lines.join('\n'), places };
}

/** The faults of a text; none when it is right. */
export function faults(text: string): readonly ProfileIssue[] {
  try {
    parseProfile(text, 'profiles/x.yaml', world());
    return [];
  } catch (error) {
    if (error instanceof ProfileError) return error.issues;
    throw error;
  }
}
