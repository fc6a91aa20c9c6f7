import * as z from 'zod';
import { label, time } from './fields.ts';

export const ROLES = ['viewer', 'operator', 'bench'] as const;
export type Role = (typeof ROLES)[number];

/** Whose token it is that asks. */
export interface Me {
  readonly role: Role;
}
export const ME: z.ZodType<Me> = z.object({ role: z.enum(ROLES) });

/** A token as operators see it; its text was shown once, when it was made. */
export interface TokenSummary {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly madeAt: number;
  readonly revokedAt: number | null;
}
export const NEW_TOKEN: z.ZodType<{ readonly name: string; readonly role: Role }> = z.strictObject({
  name: label,
  role: z.enum(ROLES),
});
export const TOKEN: z.ZodType<{ readonly token: string }> = z.object({ token: z.string() });
export const TOKENS: z.ZodType<{ readonly tokens: readonly TokenSummary[] }> = z.object({
  tokens: z.array(
    z.object({ id: z.int(), name: z.string(), role: z.enum(ROLES), madeAt: time, revokedAt: time.nullable() }),
  ),
});
