import { z } from 'zod';
import type { AccessDocument, ConditionDocument, InterfaceConditions } from './document.ts';

export const INTERFACES = ['contact', 'contactless', 'wired'] as const;

/** `code`, `{ all: [code, secure-messaging] }` or `{ any: [ … ] }`. */
const condition: z.ZodType<ConditionDocument> = z
  .preprocess(
    (written) => (typeof written === 'string' ? { any: [written] } : written),
    z.strictObject({ all: z.array(z.string()).min(1).optional(), any: z.array(z.string()).min(1).optional() }),
  )
  .transform(({ all, any }, context) => {
    const words = all ?? any;
    if (words !== undefined && (all === undefined || any === undefined)) return { words, all: all !== undefined };
    context.issues.push({ code: 'custom', message: 'a word is needed here, or one of `all` and `any`', input: '' });
    return z.NEVER;
  });

/** One condition for every interface, or a mapping of interface to condition. */
export const conditions: z.ZodType<InterfaceConditions> = z.preprocess(
  (written) => (isOneCondition(written) ? Object.fromEntries(INTERFACES.map((name) => [name, written])) : written),
  z.strictObject({
    contact: condition.optional(),
    contactless: condition.optional(),
    wired: condition.optional(),
  }),
);

/** Access modes in words, each with its conditions. */
export function access(modes: readonly string[]): z.ZodType<AccessDocument> {
  return z
    .strictObject(Object.fromEntries(modes.map((mode) => [mode, conditions.optional()])))
    .optional()
    .transform((rules) => rules ?? {});
}

function isOneCondition(written: unknown): boolean {
  if (typeof written === 'string') return true;
  return typeof written === 'object' && written !== null && ('all' in written || 'any' in written);
}
