import * as z from 'zod';
import { SUITE_NAMES, type SuiteName } from '../../judge/conform/suites/index.ts';
import { counted } from '../../report/words.ts';
import { PLANS, type PlanName, SEQUENCES, type Sequence } from '../../tap/options.ts';

/** What a bench does in one run, as it travels to the bench. Paths are names of inputs that were uploaded. */

/** A name among the inputs of a campaign: relative, with `/`, and nothing that leads out of their folder. */
export const INPUT_PATH: z.ZodType<string> = z
  .string()
  .max(200)
  .regex(/^(?!.*(?:^|\/)\.)[\w .-]+(?:\/[\w .-]+)*$/);

/** `profile`: a shipped one by its name, or an input. `there`: the card that lies in the reader. */
export type RunCard =
  | { readonly kind: 'profile'; readonly profile: string; readonly interface?: OurInterface | undefined }
  | { readonly kind: 'image'; readonly image: string; readonly interface?: OurInterface | undefined }
  | { readonly kind: 'there' };

export type OurInterface = 'contact' | 'contactless';

/** `can`: through a secure channel that the CAN opens, which the card must have. `none`: in clear. */
export const CHANNELS = ['can', 'none'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Suites that open channels of their own, case by case. */
export const CHANNEL_SUITES: readonly SuiteName[] = ['sm', 'pace', 'eac'];

/** Boards by the way to them: a PN532 on a port, an STM32 or a UF2 drive in its bootloader, the firmware that runs on one. */
export const BOARD_DRIVERS = ['pn532', 'stm32', 'uf2', 'firmware'] as const;
export type BoardDriver = (typeof BOARD_DRIVERS)[number];
/** Those that get a program into their flash; the others get a card. */
export const PROGRAMMED: readonly BoardDriver[] = ['stm32', 'uf2'];

export type RunWork =
  | {
      readonly kind: 'conform';
      readonly suite: SuiteName;
      /** Ids of cases, as `SEL-*,!SEL-9*`. */
      readonly only?: string | undefined;
      /** Input that says what the card holds. */
      readonly declare?: string | undefined;
      readonly channel?: Channel | undefined;
      readonly card: RunCard;
    }
  | {
      readonly kind: 'replay';
      /** A shipped suite (`suites/vitale2`), or a folder among the inputs. */
      readonly folder: string;
      readonly only?: string | undefined;
      readonly card: RunCard;
    }
  | {
      readonly kind: 'bench-tap';
      readonly taps: number;
      readonly warmUp: number;
      readonly sequence: Sequence;
      readonly plan: PlanName;
      readonly channel?: Channel | undefined;
      readonly card: RunCard;
    }
  /** `only`: ids of phases. */
  | { readonly kind: 'board-test'; readonly only?: readonly string[] | undefined }
  /** Puts a card onto a PN532, or into the firmware of a board. */
  | { readonly kind: 'board-flash'; readonly image: string }
  | BoardProgram
  /** Judges nothing: holds a device for a time, to try the lab itself. */
  | { readonly kind: 'rehearsal'; readonly milliseconds: number }
  /** Lends the reader to somebody who waits at the server; no campaign file asks for it. */
  | { readonly kind: 'pool' };

/** Puts a program into the flash of an STM32 or a UF2 board; what is not there is as `board flash` has it. */
export interface BoardProgram {
  readonly kind: 'board-program';
  /** Input with the program. */
  readonly firmware: string;
  /** Where plain bytes go. */
  readonly address?: number | undefined;
  /** Input with a card, and where in the flash it goes. */
  readonly image?: string | undefined;
  readonly cardAt?: number | undefined;
  /** Identifier that the chip must have. */
  readonly chip?: number | undefined;
  readonly unprotect?: boolean | undefined;
  readonly resume?: boolean | undefined;
  /** False: the board is left in its bootloader. */
  readonly start?: boolean | undefined;
}

export const MOST_TAPS: number = 50_000;
export const LONGEST_REHEARSAL_MS: number = 600_000;

const ourInterface = z.enum(['contact', 'contactless']).optional();
const source = z.string().min(1).max(200);
const address = z.int().min(0).max(0xffffffff).optional();
const only = z.string().max(200).optional();
const channel = z.enum(CHANNELS).optional();

const card = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('profile'), profile: source, interface: ourInterface }),
  z.strictObject({ kind: z.literal('image'), image: INPUT_PATH, interface: ourInterface }),
  z.strictObject({ kind: z.literal('there') }),
]);

export const RUN_WORK: z.ZodType<RunWork> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('conform'),
    suite: z.enum(SUITE_NAMES),
    only,
    declare: INPUT_PATH.optional(),
    channel,
    card,
  }),
  z.strictObject({ kind: z.literal('replay'), folder: source, only, card }),
  z.strictObject({
    kind: z.literal('bench-tap'),
    taps: z.int().min(1).max(MOST_TAPS),
    warmUp: z.int().min(0).max(MOST_TAPS),
    sequence: z.enum(SEQUENCES),
    plan: z.enum(PLANS),
    channel,
    card,
  }),
  z.strictObject({ kind: z.literal('board-test'), only: z.array(z.string().max(64)).max(32).optional() }),
  z.strictObject({ kind: z.literal('board-flash'), image: INPUT_PATH }),
  z.strictObject({
    kind: z.literal('board-program'),
    firmware: INPUT_PATH,
    address,
    image: INPUT_PATH.optional(),
    cardAt: address,
    chip: z.int().min(0).max(0xffff).optional(),
    unprotect: z.boolean().optional(),
    resume: z.boolean().optional(),
    start: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('rehearsal'), milliseconds: z.int().min(0).max(LONGEST_REHEARSAL_MS) }),
  z.strictObject({ kind: z.literal('pool') }),
]);

/**
 * Whether commands go through a secure channel. Where the campaign leaves it open (`offered`), a card that offers one and
 * whose CAN is known is read through it. The suites that judge single commands judge them in clear, also such as secure
 * messaging has no form for.
 */
export function channelOf(work: Extract<RunWork, { kind: 'conform' | 'bench-tap' }>): Channel | 'offered' {
  if (work.channel !== undefined) return work.channel;
  if (work.kind === 'bench-tap') return 'offered';
  return work.suite === 'iso7816-4' || work.suite === 't4t' ? 'none' : 'offered';
}

/** In a few words: `conform iso7816-4`. */
export function workInWords(work: RunWork): string {
  switch (work.kind) {
    case 'conform':
      return `conform ${work.suite}`;
    case 'replay':
      return `replay of ${work.folder}`;
    case 'bench-tap':
      return `bench tap, ${counted(work.taps, 'tap')}`;
    case 'board-test':
      return 'board test';
    case 'board-flash':
      return `board flash of ${work.image}`;
    case 'board-program':
      return `board flash of ${work.firmware}`;
    case 'rehearsal':
      return `rehearsal of ${work.milliseconds} ms`;
    case 'pool':
      return 'reader lent';
  }
}
