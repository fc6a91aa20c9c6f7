import { z } from 'zod';
import {
  type AccessDocument,
  type ConditionDocument,
  DF_MODES,
  EF_MODES,
  type InterfaceConditions,
  type RecordRules,
} from './document.ts';
import { byte, bytes, fid, integer } from './scalars.ts';

export const INTERFACES = ['contact', 'contactless', 'wired'] as const;

/** Keys that make a mapping one condition. */
const OPERATORS = ['all', 'any', 'not', 'external-authentication'] as const;

/** `code`, `{ all: [code, secure-messaging] }`, `{ any: [ … ] }`, `{ not: code }`, `{ external-authentication: 05 }`. */
export const condition: z.ZodType<ConditionDocument> = z.lazy(() =>
  z
    .preprocess(
      (written) => (typeof written === 'string' ? { any: [written] } : written),
      z.strictObject({
        all: z.array(part).min(1).optional(),
        any: z.array(part).min(1).optional(),
        not: part.optional(),
        'external-authentication': byte.optional(),
      }),
    )
    .transform((written, context): ConditionDocument => {
      const given = OPERATORS.filter((key) => written[key] !== undefined);
      if (given.length === 1) {
        const { all, any, not, 'external-authentication': key } = written;
        if (all !== undefined) return { kind: 'all', parts: all };
        if (any !== undefined) return { kind: 'any', parts: any };
        return not !== undefined ? { kind: 'not', part: not } : { kind: 'key', key: key ?? 0 };
      }
      const message = 'a word is needed here, or one of `all`, `any` and `not`';
      context.issues.push({ code: 'custom', message, input: '' });
      return z.NEVER;
    }),
);

const part: z.ZodType<ConditionDocument> = z.union([
  z.string().transform((word): ConditionDocument => ({ kind: 'word', word })),
  condition,
]);

/** One condition for every interface, or a mapping of interface to condition. */
export const conditions: z.ZodType<InterfaceConditions> = z.preprocess(
  (written) => (isOneCondition(written) ? Object.fromEntries(INTERFACES.map((name) => [name, written])) : written),
  z.strictObject({
    contact: condition.optional(),
    contactless: condition.optional(),
    wired: condition.optional(),
  }),
);

const recordNumber = integer(1, 254);

/** One record for every interface, or a mapping of interface to record. */
const recordNumbers = z.preprocess(
  (written) => (typeof written === 'string' ? Object.fromEntries(INTERFACES.map((name) => [name, written])) : written),
  z.strictObject({
    contact: recordNumber.optional(),
    contactless: recordNumber.optional(),
    wired: recordNumber.optional(),
  }),
);

/** Access modes in words, each with its conditions; or `rule` and `in`; or `expanded` bytes. */
export function access(modes: readonly string[]): z.ZodType<AccessDocument> {
  return z
    .strictObject({
      ...Object.fromEntries(modes.map((mode) => [mode, conditions.optional()])),
      rule: recordNumbers.optional(),
      in: fid.optional(),
      expanded: bytes(1, 180).optional(),
    })
    .optional()
    .transform((written, context): AccessDocument => {
      const { rule, in: file, expanded, ...rest } = written ?? {};
      const say = (message: string): AccessDocument => {
        context.issues.push({ code: 'custom', message, input: '' });
        return z.NEVER;
      };
      if ((rule === undefined) !== (file === undefined)) return say('`rule` and `in` go together');
      const forms = [rule !== undefined, expanded !== undefined, Object.keys(rest).length > 0];
      if (forms.filter((form) => form).length > 1) return say('access modes, `rule` or `expanded`: one of them');
      return {
        modes: rest as AccessDocument['modes'],
        reference: rule === undefined || file === undefined ? undefined : { records: rule, file },
        expanded,
      };
    });
}

/** Access modes in words, of files and directories alike: what a record of an EF.ARR is made from. */
export const recordRules: z.ZodType<RecordRules> = z.strictObject(
  Object.fromEntries([...EF_MODES, ...DF_MODES].map((mode) => [mode, condition.optional()])),
);

function isOneCondition(written: unknown): boolean {
  if (typeof written === 'string') return true;
  return typeof written === 'object' && written !== null && OPERATORS.some((key) => key in written);
}
