import { TlvReader } from '../../../src/apdu/index.ts';
import {
  AFFILIATION,
  APPLICATION,
  BENEFICIARY,
  type Beneficiary,
  CARD_VALIDITY,
  CardDataError,
  encodeInvoice,
  FID,
  IDENTITY,
  INVOICE,
  NIR_ENTRY,
  RIGHT,
  signFiles,
} from '../../../src/applet/vitale/index.ts';
import type { Crypto } from '../../../src/hal/index.ts';
import type { DataDocument, DirectoryDocument, FileDocument, GeneratorName, ProfileDocument } from './document.ts';
import type { Issues } from './issues.ts';
import type { KeyValues } from './keys.ts';
import { cardAccess, cardSecurity } from './pace.ts';
import type { Path } from './source.ts';
import { signingKeys } from './test-keys.ts';

/** What content is made from, and where faults are told. */
export interface Generation {
  readonly document: ProfileDocument;
  readonly crypto: Crypto;
  /** Values of the card's keys, for contents that show their public halves. */
  readonly keys: KeyValues;
  /** 32 random bytes, new at each call, that the card's signing key is made from. */
  readonly signerSeed: () => Uint8Array;
  readonly issues: Issues;
}

/** The file to fill, the directory it stands in, and where its content is written in the profile. */
export interface Placed {
  readonly file: FileDocument;
  readonly directory: DirectoryDocument;
  readonly path: Path;
}

type Pieces = readonly Uint8Array[];

/** Readers in the field take one length byte of a person's template. */
const LONGEST_PERSON = 127;
/** They read a file of persons with one command. */
const LONGEST_PERSONS = 256;
/** 90 in 2002 NIR, the same for everybody on a test card. */
const NATIONALITY = 'FRA';

/** Pieces of content: records of a file of records, parts of a transparent file. Faults go to the issues. */
export function generate(name: GeneratorName, generation: Generation, placed: Placed): Pieces {
  const { document, issues } = generation;
  switch (name) {
    case 'card-data':
      return [CARD_VALIDITY.encode(document.card)];
    case 'directory':
      return applications(document.masterFile.directories, generation, ['masterFile', 'directories']);
    case 'signature':
      return signature(generation, placed);
    case 'card-access':
      return [cardAccess(generation, placed.path)];
    case 'card-security':
      return [cardSecurity(generation, placed.path)];
  }
  const { data } = document;
  if (data === undefined) {
    issues.report(placed.path, `\`${name}\` is made from \`data\`, which this profile does not have`);
    return [];
  }
  return generateFromData(name, data, issues, placed);
}

function generateFromData(
  name: Exclude<GeneratorName, 'card-data' | 'directory' | 'signature' | 'card-access' | 'card-security'>,
  data: DataDocument,
  issues: Issues,
  placed: Placed,
): Pieces {
  const beneficiaries = ['data', 'beneficiaries'];
  switch (name) {
    case 'identity':
      return persons(data, issues, placed, ({ usualName, firstName, birthDate }) =>
        IDENTITY.encode({ name: usualName, firstName, birthDate }),
      );
    case 'nirs':
      return persons(data, issues, placed, ({ certifiedNir }) =>
        NIR_ENTRY.encode({ nationality: NATIONALITY, nir: certifiedNir }),
      );
    case 'affiliation':
      return [AFFILIATION.encode(data.affiliation)];
    case 'beneficiaries':
      return eachOf(data.beneficiaries, issues, beneficiaries, (beneficiary) => BENEFICIARY.encode(beneficiary));
    case 'rights':
      return data.beneficiaries.flatMap(({ index, rights }) =>
        rights.map((period) => RIGHT.encode({ beneficiaryIndex: index, ...period })),
      );
    case 'invoices':
      return invoices(data, issues, placed.file);
  }
}

function persons(data: DataDocument, issues: Issues, placed: Placed, encode: (one: Beneficiary) => Uint8Array): Pieces {
  const path = ['data', 'beneficiaries'];
  const pieces = eachOf(data.beneficiaries, issues, path, encode);
  pieces.forEach((piece, index) => {
    const length = valueLength(piece);
    if (length <= LONGEST_PERSON) return;
    const file = fileName(placed.file);
    issues.report([...path, index], `${length} bytes of this person in ${file}, ${LONGEST_PERSON} at most`);
  });
  const whole = pieces.reduce((length, piece) => length + piece.length, 0);
  if (whole > LONGEST_PERSONS) {
    const message = `${whole} bytes in ${fileName(placed.file)}, ${LONGEST_PERSONS} at most: readers read it once`;
    issues.report(placed.path, message);
  }
  return pieces;
}

/** Newest first, padded to the record where the records of the file have one length. */
function invoices(data: DataDocument, issues: Issues, file: FileDocument): Pieces {
  const newestFirst = data.invoices
    .map((invoice, index) => ({ invoice, index }))
    .sort(
      (a, b) =>
        compare(b.invoice.date, a.invoice.date) || compare(b.invoice.number, a.invoice.number) || a.index - b.index,
    );
  const padded = file.structure === 'cyclic' || file.structure === 'linear-fixed';
  const size = padded ? file.recordSize : undefined;
  return newestFirst.map(({ invoice, index }) =>
    explained(issues, ['data', 'invoices', index], () =>
      size === undefined ? INVOICE.encode(invoice) : encodeInvoice(invoice, size),
    ),
  );
}

function applications(directories: readonly DirectoryDocument[], generation: Generation, path: Path): Pieces {
  return directories.flatMap((directory, index) => {
    const below = applications(directory.directories, generation, [...path, index, 'directories']);
    if (directory.name === undefined) return below;
    const { name: aid, label } = directory;
    const own = explained(generation.issues, [...path, index, 'label'], () =>
      APPLICATION.encode({ aid, label: label ?? null }),
    );
    return [own, ...below];
  });
}

function signature(generation: Generation, placed: Placed): Pieces {
  const signed: Pieces[] = [];
  for (const fid of [FID.affiliation, FID.beneficiaries, FID.rights]) {
    const file = placed.directory.files.find((one) => one.fid === fid);
    if (file?.content?.generator === undefined || file.structure === 'transparent') {
      const name = fid.toString(16).toUpperCase();
      generation.issues.report(
        placed.path,
        `\`signature\` signs E001, E002 and E003: here is no ${name} that is made from \`data\``,
      );
      return [];
    }
    signed.push(generate(file.content.generator, generation, { ...placed, file }));
  }
  const { crypto, document, signerSeed } = generation;
  const { validFrom } = document.card;
  if (validFrom < '2000' || validFrom >= '2090') {
    generation.issues.report(['card', 'validFrom'], 'a certificate can hold from 2000 to 2089');
    return [];
  }
  return [signFiles(crypto, signingKeys(crypto, signerSeed()), signed, validFrom)];
}

function eachOf<T>(values: readonly T[], issues: Issues, path: Path, encode: (value: T) => Uint8Array): Pieces {
  return values.map((value, index) => explained(issues, [...path, index], () => encode(value)));
}

/** What does not fit its field is the profile's fault, told where the value is written. */
function explained(issues: Issues, path: Path, encode: () => Uint8Array): Uint8Array {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof CardDataError)) throw error;
    issues.report(path, error.message);
    return new Uint8Array(0);
  }
}

/** `D001 IDENT`. */
export function fileName(file: FileDocument): string {
  const fid = file.fid.toString(16).toUpperCase().padStart(4, '0');
  return file.name === undefined ? fid : `${fid} ${file.name}`;
}

/** Bytes in a template, without its tag and length; 0 for nothing. */
function valueLength(template: Uint8Array): number {
  const reader = new TlvReader(template);
  return reader.next() ? reader.valueLength : 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
