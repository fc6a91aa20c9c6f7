import * as z from 'zod';
import { BENCH_NAME, label } from './fields.ts';

export const BACKENDS = ['hardware', 'simulated'] as const;
export type Backend = (typeof BACKENDS)[number];
export const CARD_INTERFACES = ['contact', 'contactless'] as const;
export const PROTOCOLS = ['T=0', 'T=1', 'ISO-DEP'] as const;
export const DEVICE_KINDS = ['reader', 'board'] as const;

const hexText = z
  .string()
  .max(80)
  .regex(/^([0-9A-F]{2})*$/);

/** A reader or board at a bench, as the doctor's eyes see it. */
export interface Capability {
  /** Name of it at its bench, unique there: `pcsc:Virtual PCD 00 00`. */
  readonly device: string;
  readonly kind: (typeof DEVICE_KINDS)[number];
  /** Driver as the driver table names it: `pcsc`, `pn532`, `loopback`, `stm32`. */
  readonly driver: string;
  /** Words of the reader, or the chip of the board. */
  readonly model: string;
  readonly backend: Backend;
  readonly interfaces: readonly (typeof CARD_INTERFACES)[number][];
  readonly protocols: readonly (typeof PROTOCOLS)[number][];
  readonly extended: boolean;
  /** Whether the bench can put a card of ours there: in process, or behind a link. */
  readonly ours: boolean;
  /** Of a board, as `board list` shows it. */
  readonly identity: string | null;
  /** The card that lies in it now; null: none. */
  readonly card: { readonly atr: string; readonly label: string | null } | null;
}
export const CAPABILITY: z.ZodType<Capability> = z.strictObject({
  device: z.string().min(1).max(200),
  kind: z.enum(DEVICE_KINDS),
  driver: label,
  model: z.string().max(200),
  backend: z.enum(BACKENDS),
  interfaces: z.array(z.enum(CARD_INTERFACES)).max(2),
  protocols: z.array(z.enum(PROTOCOLS)).max(3),
  extended: z.boolean(),
  ours: z.boolean(),
  identity: z.string().max(200).nullable(),
  card: z.strictObject({ atr: hexText, label: label.nullable() }).nullable(),
});

/** What a run must have; a field that is not there is not asked for. */
export interface Requirement {
  readonly kind: (typeof DEVICE_KINDS)[number];
  readonly driver?: string;
  /** Part of the model's words, in any case of letters. */
  readonly model?: string;
  readonly backend?: Backend;
  readonly interface?: (typeof CARD_INTERFACES)[number];
  readonly protocol?: (typeof PROTOCOLS)[number];
  readonly extended?: true;
  readonly ours?: true;
  readonly identity?: string;
  readonly atr?: string;
  /** Label of a card, as its bench knows it. */
  readonly card?: string;
  /** Name of a bench: this one and no other. */
  readonly bench?: string;
}
export const REQUIREMENT: z.ZodType<Requirement> = z.strictObject({
  kind: z.enum(DEVICE_KINDS),
  driver: label.exactOptional(),
  model: label.exactOptional(),
  backend: z.enum(BACKENDS).exactOptional(),
  interface: z.enum(CARD_INTERFACES).exactOptional(),
  protocol: z.enum(PROTOCOLS).exactOptional(),
  extended: z.literal(true).exactOptional(),
  ours: z.literal(true).exactOptional(),
  identity: z.string().min(1).max(200).exactOptional(),
  atr: hexText.exactOptional(),
  card: label.exactOptional(),
  bench: BENCH_NAME.exactOptional(),
});
