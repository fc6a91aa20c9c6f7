/*
 * Names of data objects for people. The templates of the test cards (src/applet/vitale/dictionary.ts) have tags of
 * their own; the others are those of ISO/IEC 7816-4.
 */

/** One data object on the way from the outermost one to the one that is meant. */
export interface FieldStep {
  /** `E2`, `7F49`. */
  readonly tag: string;
  /** `usual name`, or null for a tag without a name here. */
  readonly name: string | null;
}

export interface Named {
  readonly name: string;
  readonly inside?: Readonly<Record<string, Named>>;
}

const named = (name: string, inside?: Readonly<Record<string, string>>): Named => ({
  name,
  ...(inside === undefined
    ? {}
    : { inside: Object.fromEntries(Object.entries(inside).map(([tag, each]) => [tag, { name: each }])) }),
});

const FILE_CONTROL: Readonly<Record<string, string>> = {
  '80': 'bytes of the file',
  '81': 'bytes of the file with its structure',
  '82': 'file descriptor',
  '83': 'file identifier',
  '84': 'DF name',
  '85': 'proprietary information',
  '86': 'proprietary security attribute',
  '87': 'file with more control information',
  '88': 'short EF identifier',
  '8A': 'life cycle status',
  '8B': 'security attribute, referenced',
  '8C': 'security attribute, compact',
  '8D': 'security environment templates',
  '8E': 'channel security attribute',
  '9C': 'security attribute, compact, contactless',
  A0: 'security attribute of data objects',
  A1: 'security attribute of this interface',
  A5: 'proprietary information',
  AB: 'security attribute, expanded',
  AC: 'cryptographic mechanisms',
  CC: 'security attribute, compact, wired',
  '50': 'application label',
};

const ROOTS: Readonly<Record<string, Named>> = {
  '65': named('person', {
    '80': 'name',
    '81': 'first name',
    '82': 'birth date',
    '90': 'nationality',
    '93': 'NIR',
  }),
  '66': named('card validity', { '80': 'valid from', '81': 'card type' }),
  E1: named('affiliation', { '80': 'regime', '81': 'caisse', '82': 'centre', '83': 'code gestion' }),
  E2: named('beneficiary', {
    '80': 'index',
    '81': 'quality',
    '82': 'birth rank',
    '83': 'birth date',
    '84': 'usual name',
    '85': 'birth name',
    '86': 'first name',
    '87': 'certified NIR',
  }),
  E3: named('right', { '80': 'beneficiary index', '81': 'start', '82': 'end' }),
  E4: named('invoice', {
    '80': 'number',
    '81': 'date',
    '82': 'beneficiary index',
    '83': 'professional id',
    '84': 'professional name',
    '85': 'total',
    '86': 'AMO',
    '87': 'AMC',
    '88': 'patient',
    '89': 'third party',
    '8A': 'status',
  }),
  '62': named('file control parameters', FILE_CONTROL),
  '64': named('file management data', FILE_CONTROL),
  '6F': named('file control information', FILE_CONTROL),
  '61': named('application template', {
    '4F': 'application identifier',
    '50': 'application label',
    '51': 'path',
    '53': 'discretionary data',
    '73': 'discretionary data',
    '5F50': 'URL',
  }),
};

/** Inter-industry data objects that mean the same wherever they stand. */
const ANYWHERE: Readonly<Record<string, string>> = {
  '4F': 'application identifier',
  '50': 'application label',
  '51': 'path',
  '53': 'discretionary data',
  '73': 'discretionary data',
  '5F2D': 'language preference',
  '7F21': 'card verifiable certificate',
  '7F4E': 'certificate body',
  '5F37': 'static internal authentication',
  '7F49': 'public key',
};

/** All names as data: of a tag at the outermost level with those inside it, and of tags that mean the same anywhere. */
export const FIELD_NAMES: {
  readonly roots: Readonly<Record<string, Named>>;
  readonly anywhere: Readonly<Record<string, string>>;
} = { roots: ROOTS, anywhere: ANYWHERE };

/** A way of tags, outermost first, with the names that they have there. */
export function nameFields(path: readonly string[]): readonly FieldStep[] {
  let level: Readonly<Record<string, Named>> | undefined = ROOTS;
  return path.map((tag) => {
    const known: Named | undefined = level?.[tag];
    level = known?.inside;
    return { tag, name: known?.name ?? ANYWHERE[tag] ?? null };
  });
}

/** `E2 beneficiary / 84 usual name`. */
export function fieldInWords(path: readonly FieldStep[]): string {
  return path.map(({ tag, name }) => (name === null ? tag : `${tag} ${name}`)).join(' / ');
}
