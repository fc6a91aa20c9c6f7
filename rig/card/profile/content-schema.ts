import { z } from 'zod';
import { recordRules } from './access-schema.ts';
import { type ContentDocument, GENERATORS, type TlvDocument } from './document.ts';
import { bytes, fid, integer, matching, tag, text } from './scalars.ts';

const value = {
  hex: bytes(1, 65_535).optional(),
  repeat: integer(1, 65_536).optional(),
  text: text.optional(),
  encoding: z.enum(['utf-8', 'latin-1']).optional(),
};

const tlv: z.ZodType<TlvDocument> = z
  .strictObject({ tag, ...value, tlv: z.lazy(() => z.array(tlv).min(1)).optional() })
  .check((context) => {
    const say = (message: string, ...path: string[]): void => {
      context.issues.push({ code: 'custom', message, path, input: '' });
    };
    const problem = valueProblem(context.value, ['hex', 'text', 'tlv']);
    if (problem !== null) return say(problem);
    const inside = context.value.tlv !== undefined;
    if (isConstructed(context.value.tag) === inside) return;
    say(inside ? 'this tag is primitive: it cannot hold `tlv`' : 'this tag is constructed: it needs `tlv`', 'tag');
  });

const pointers = z.strictObject({
  application: bytes(1, 16),
  files: z.array(z.strictObject({ name: text, fid })).min(1),
});

const ndefRecord = z
  .strictObject({
    uri: text.optional(),
    text: text.optional(),
    language: matching(/^[A-Za-z][A-Za-z0-9-]{1,62}$/, 'a language code such as en or fr-CA').optional(),
  })
  .check((context) => {
    const say = (message: string): void => {
      context.issues.push({ code: 'custom', message, path: [], input: '' });
    };
    const { uri, text, language } = context.value;
    if ((uri === undefined) === (text === undefined)) return say('one of uri, text is needed');
    if ((text === undefined) !== (language === undefined)) say('`text` and `language` go together');
  });

const ndef = z.strictObject({ size: integer(5, 32_767), records: z.array(ndefRecord) });

/** The name of a generator, or a mapping with one kind of content. */
export const content: z.ZodType<ContentDocument> = z.preprocess(
  (written) => (typeof written === 'string' ? { generator: written } : written),
  z
    .strictObject({
      generator: z.enum(GENERATORS).optional(),
      ...value,
      counting: integer(1, 65_535).optional(),
      tlv: z.array(tlv).min(1).optional(),
      pointers: z.array(pointers).min(1).optional(),
      ndef: ndef.optional(),
      rules: recordRules.optional(),
    })
    .check((context) => {
      const problem = valueProblem(context.value, [
        'hex',
        'text',
        'counting',
        'tlv',
        'pointers',
        'ndef',
        'rules',
        'generator',
      ]);
      if (problem !== null) context.issues.push({ code: 'custom', message: problem, path: [], input: '' });
    }),
);

/** Why this is not one value, or null. */
function valueProblem(document: object, kinds: readonly string[]): string | null {
  const given = (name: string): boolean => (document as Record<string, unknown>)[name] !== undefined;
  const there = kinds.filter(given);
  if (there.length > 1) return `both \`${there[0]}\` and \`${there[1]}\`: one of them`;
  if (there.length === 0) return `one of ${kinds.filter((kind) => kind !== 'generator').join(', ')} is needed`;
  if (given('repeat') && !given('hex')) return '`repeat` goes with `hex`';
  if (given('encoding') && !given('text')) return '`encoding` goes with `text`';
  return null;
}

/** Bit 6 of the first byte of a tag. */
function isConstructed(tag: number): boolean {
  const first = tag > 0xffff ? tag >> 16 : tag > 0xff ? tag >> 8 : tag;
  return (first & 0x20) !== 0;
}
