import fc from 'fast-check';

/**
 * Random profiles that the profile language takes: small files and large ones, full and empty, every structure, rule
 * form and life cycle state, codes of every kind. As JSON, which is YAML.
 */

type Document = Readonly<Record<string, unknown>>;

const HEX = '0123456789ABCDEF';
const hexOf = (min: number, max: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength: min, maxLength: max })
    .map((bytes) => bytes.map((byte) => `${HEX[byte >> 4]}${HEX[byte & 0x0f]}`).join(' '));
const digits = (length: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((each) => each.join(''));
const yesNo = fc.constantFrom('yes', 'no');
const twoDigits = (n: number): string => n.toString(16).toUpperCase().padStart(2, '0');
const fourDigits = (n: number): string => n.toString(16).toUpperCase().padStart(4, '0');

/** Conditions by the words that may be used in a directory. */
function condition(words: readonly string[]): fc.Arbitrary<unknown> {
  const word = fc.constantFrom('always', 'always', 'always', 'never', ...words, ...words, 'secure-messaging');
  const joined = fc.uniqueArray(fc.constantFrom(...words, 'secure-messaging'), { minLength: 2, maxLength: 2 });
  if (words.length === 0) return word;
  return fc.oneof(
    { weight: 30, arbitrary: word },
    { weight: 1, arbitrary: joined.map((all) => ({ all })) },
    { weight: 1, arbitrary: joined.map((any) => ({ any })) },
    { weight: 1, arbitrary: fc.constantFrom(...words).map((not) => ({ not })) },
  );
}

function rules(modes: readonly string[], words: readonly string[]): fc.Arbitrary<Document> {
  const one = fc.oneof(
    { weight: 8, arbitrary: condition(words) as fc.Arbitrary<unknown> },
    {
      weight: 1,
      arbitrary: fc.record({ contact: condition(words), contactless: condition(words), wired: condition(words) }),
    },
  );
  const everything = fc.constant(Object.fromEntries(modes.map((mode) => [mode, 'always'])));
  const some = fc.record(Object.fromEntries(modes.map((mode) => [mode, one])), { requiredKeys: [] });
  return fc.oneof({ weight: 2, arbitrary: everything }, { weight: 3, arbitrary: some as fc.Arbitrary<Document> });
}

const FILE_MODES = ['read', 'update', 'append', 'deactivate', 'activate', 'terminate', 'delete'];
const DIRECTORY_MODES = [
  'delete-child',
  'create-file',
  'create-directory',
  'deactivate',
  'activate',
  'terminate',
  'delete',
];

const lifeCycle = fc.constantFrom(
  ...Array.from({ length: 8 }, () => 'activated'),
  'creation',
  'initialisation',
  'deactivated',
  'terminated',
);

const bytes = (max: number): fc.Arbitrary<Document> =>
  fc.oneof(
    fc.integer({ min: 1, max }).map((counting) => ({ counting: `${counting}` })),
    hexOf(1, Math.min(max, 40)).map((hex) => ({ hex })),
    fc.record({ hex: hexOf(1, 2), repeat: fc.integer({ min: 1, max: Math.floor(max / 2) }).map(String) }),
  );

const TAGS = ['C1', 'C2', '5F50', '5A', 'DF21', 'E2', '4F'];
const dataObjects = fc.uniqueArray(fc.constantFrom(...TAGS), { maxLength: 4 }).chain((tags) =>
  fc.record({
    tlv: fc.tuple(
      ...tags.map((tag) =>
        tag === 'E2'
          ? fc.record({ tag: fc.constant(tag), tlv: fc.constant([{ tag: '80', hex: 'AA' }]) })
          : fc.record({ tag: fc.constant(tag), hex: hexOf(1, 20) }),
      ),
    ),
  }),
);

const structured: fc.Arbitrary<Document> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ structure: fc.constant('transparent'), content: bytes(600) }) },
  { weight: 3, arbitrary: recordFile('linear-fixed') },
  { weight: 2, arbitrary: recordFile('linear-variable') },
  { weight: 2, arbitrary: recordFile('cyclic') },
  {
    weight: 2,
    arbitrary: dataObjects.chain((content) =>
      fc.record({
        structure: fc.constant('ber-tlv'),
        size: fc.integer({ min: 120, max: 300 }).map(String),
        content: fc.constant(content),
      }),
    ),
  },
);

function recordFile(structure: string): fc.Arbitrary<Document> {
  return fc
    .record({ size: fc.integer({ min: 1, max: 60 }), capacity: fc.integer({ min: 1, max: 12 }) })
    .chain(({ size, capacity }) =>
      fc.record({
        structure: fc.constant(structure),
        recordSize: fc.constant(`${size}`),
        capacity: fc.constant(`${capacity}`),
        records: fc.array(
          hexOf(structure === 'linear-variable' ? 1 : size, size).map((hex) => ({ hex })),
          { maxLength: capacity },
        ),
      }),
    );
}

function file(words: readonly string[]): fc.Arbitrary<Document> {
  return fc
    .record({ made: structured, access: rules(FILE_MODES, words), lifeCycle })
    .map(({ made, access, lifeCycle: state }) => ({ ...made, access, lifeCycle: state }));
}

/** Files that have each their identifier, and some of them a short one, which need not be that of the long one. */
function files(words: readonly string[], most: number): fc.Arbitrary<readonly Document[]> {
  return fc
    .record({
      made: fc.array(file(words), { maxLength: most }),
      fids: fc.uniqueArray(fc.integer({ min: 0x6001, max: 0x7ffe }), { minLength: most, maxLength: most }),
      sfis: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: most, maxLength: most }),
      named: fc.array(fc.boolean(), { minLength: most, maxLength: most }),
    })
    .map(({ made, fids, sfis, named }) =>
      made.map((each, i) => ({
        fid: fourDigits(fids[i] as number),
        ...(named[i] === true ? { sfi: twoDigits(sfis[i] as number) } : {}),
        ...each,
      })),
    );
}

function code(reference: number, unblockedBy: number | null): fc.Arbitrary<Document> {
  return fc
    .record({ length: fc.integer({ min: 4, max: 8 }), padded: fc.boolean(), tries: fc.integer({ min: 1, max: 15 }) })
    .chain(({ length, padded, tries }) =>
      fc.record({
        reference: fc.constant(twoDigits(reference)),
        code: digits(length),
        minLength: fc.constantFrom('4', `${length}`),
        maxLength: fc.constantFrom('8', `${length}`),
        tries: fc.constant(`${tries}`),
        access: fc.oneof(
          { weight: 5, arbitrary: fc.constant<unknown>('always') },
          { weight: 1, arbitrary: fc.constantFrom<unknown>('never', { contact: 'always' }, { contactless: 'always' }) },
        ),
        requirementOptional: yesNo,
        ...(padded ? { paddedLength: fc.constant('8'), paddingByte: fc.constantFrom('FF', '00') } : {}),
        ...(unblockedBy === null ? {} : { unblockedBy: fc.constant(twoDigits(unblockedBy)) }),
      }),
    );
}

interface Level {
  readonly depth: number;
  readonly cardCodes: readonly number[];
}

function directory(index: number, { depth, cardCodes }: Level): fc.Arbitrary<Document> {
  return fc
    .record({
      codes: fc.integer({ min: 0, max: 2 }),
      unblocked: fc.boolean(),
      cardWord: fc.boolean(),
      children: fc.integer({ min: 0, max: depth === 0 ? 0 : 2 }),
      named: fc.boolean(),
    })
    .chain(({ codes, unblocked, cardWord, children, named }) => {
      const references = Array.from({ length: codes }, (_, i) => 0x81 + i);
      const environments: Record<string, Document> = {};
      references.forEach((reference, i) => {
        environments[`code-${i}`] = { id: `${i + 1}`, reference: twoDigits(reference), by: 'verify' };
      });
      if (cardWord && cardCodes[0] !== undefined) {
        environments['card-code'] = { id: '9', reference: twoDigits(cardCodes[0]), by: 'verify' };
      }
      const words = Object.keys(environments);
      return fc
        .record({
          access: rules(DIRECTORY_MODES, words),
          fci: fc.constantFrom('full', 'full', 'full', 'name'),
          lifeCycle,
          codes: fc.tuple(
            ...references.map((reference, i) =>
              code(reference, i === 0 && unblocked && codes === 2 ? (references[1] as number) : null),
            ),
          ),
          files: files(words, 6),
          directories: fc.tuple(
            ...Array.from({ length: children }, (_, i) =>
              directory(16 * index + i + 1, { depth: depth - 1, cardCodes }),
            ),
          ),
        })
        .map((made) => ({
          fid: fourDigits(0x5000 + index),
          ...(named ? { name: `F0 56 49 54 ${twoDigits(index)}` } : {}),
          ...(words.length > 0 ? { environments } : {}),
          ...made,
          fci: named ? made.fci : 'full',
        }));
    });
}

/** ATRs that offer the protocol; the one for T=0 is that of the shipped profile vitale2-t0. */
const LINKS: readonly Document[] = [
  { interface: 'contact', protocol: 'T=1', historicalBytes: '80 73 F7 41 FF', uid: 'random' },
  { interface: 'contactless', protocol: 'T=1', historicalBytes: '80 82 90 00', uid: 'random' },
  {
    interface: 'contact',
    protocol: 'T=0',
    historicalBytes: '80 73 F7 41 FF',
    uid: 'random',
    atr: '3B 75 13 00 00 43 09 EA 90 00',
  },
];

/** What is empty is left out, as the language wants it. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, each]) => [key, withoutEmpty(each)] as const)
      .filter(([, each]) => typeof each !== 'object' || each === null || Object.keys(each).length > 0),
  );
}

export const arbitraryProfile: fc.Arbitrary<Document> = fc
  .record({ cardCodes: fc.integer({ min: 0, max: 2 }), directories: fc.integer({ min: 0, max: 3 }) })
  .chain(({ cardCodes, directories }) => {
    const references = Array.from({ length: cardCodes }, (_, i) => i + 1);
    const environments = Object.fromEntries(
      references.map((reference) => [
        `card-${reference}`,
        { id: `${reference}`, reference: twoDigits(reference), by: 'verify' },
      ]),
    );
    const words = Object.keys(environments);
    return fc
      .record({
        link: fc.constantFrom(...LINKS),
        free: fc.record({
          entries: fc.constantFrom('0', '0', '4', '32'),
          bytes: fc.constantFrom('0', '600', '16384'),
        }),
        access: rules(DIRECTORY_MODES, words),
        codes: fc.tuple(...references.map((reference) => code(reference, null))),
        files: files(words, 4),
        directories: fc.tuple(
          ...Array.from({ length: directories }, (_, i) => directory(i + 1, { depth: 1, cardCodes: references })),
        ),
      })
      .map(({ link, free, ...masterFile }) => ({
        profile: 'random',
        description: 'A random card.',
        link,
        card: { serial: '00 01', type: 'T', validFrom: '20240102' },
        free,
        masterFile: words.length > 0 ? { environments, ...masterFile } : masterFile,
      }));
  })
  .map((document) => withoutEmpty(document) as Document);
