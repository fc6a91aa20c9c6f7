import * as z from 'zod';
import { bytes, integer, matching, text, yesNo } from '../../card/profile/scalars.ts';
import { SUITE_NAMES, type SuiteName } from '../../judge/conform/suites/index.ts';
import { PLANS, type PlanName, SEQUENCES, type Sequence } from '../../tap/options.ts';
import { BACKENDS, type Backend, CARD_INTERFACES, PROTOCOLS } from '../api/capability.ts';
import {
  BOARD_DRIVERS,
  type BoardDriver,
  type BoardProgram,
  CHANNELS,
  type Channel,
  LONGEST_REHEARSAL_MS,
  MOST_TAPS,
  type OurInterface,
} from './work.ts';

/** A campaign file, key by key; what belongs together is judged in campaign.ts. Every scalar is text in the YAML. */

/** The version of the language that is read. */
const CAMPAIGN_VERSION = 1;

type Protocol = (typeof PROTOCOLS)[number];

/** What a bench must have. */
export interface Needs {
  readonly bench?: string | undefined;
  readonly backend?: Backend | undefined;
  /** Kind of the reader or board, as drivers are named. */
  readonly driver?: string | undefined;
  readonly model?: string | undefined;
  readonly interface?: OurInterface | undefined;
  readonly protocol?: Protocol | undefined;
  readonly extendedLength?: boolean | undefined;
}

/** One of `profile`, `image`, `label` and `atr`. */
export interface CardDocument {
  readonly id: string;
  readonly profile?: string | undefined;
  readonly image?: string | undefined;
  readonly label?: string | undefined;
  readonly atr?: Uint8Array | undefined;
  readonly interface?: OurInterface | undefined;
}

export interface BoardDocument {
  readonly id: string;
  /** A PN532 where it is absent. */
  readonly driver?: BoardDriver | undefined;
  readonly identity?: string | undefined;
  /** Each one that the benches have when the campaign is submitted, and not any one. */
  readonly every?: boolean | undefined;
}

/** How a program gets onto boards; the names are those of the options of `board flash`. */
export type ProgramDocument = Omit<BoardProgram, 'kind' | 'firmware'>;

/** One of the first six, and what goes with it. */
export interface JudgedDocument extends ProgramDocument {
  readonly conform?: SuiteName | undefined;
  readonly replay?: string | undefined;
  /** Number of taps. */
  readonly benchTap?: number | undefined;
  readonly boardTest?: 'all' | readonly string[] | undefined;
  readonly boardFlash?: string | undefined;
  /** Milliseconds. */
  readonly rehearsal?: number | undefined;
  readonly id?: string | undefined;
  readonly only?: string | undefined;
  readonly declare?: string | undefined;
  readonly warmUp?: number | undefined;
  readonly sequence?: Sequence | undefined;
  readonly plan?: PlanName | undefined;
  readonly channel?: Channel | undefined;
  readonly cards?: readonly string[] | undefined;
  readonly boards?: readonly string[] | undefined;
  readonly needs?: Needs | undefined;
  readonly repeat?: number | undefined;
  readonly limit?: number | undefined;
}

export interface CampaignDocument {
  readonly version: number;
  readonly name: string;
  readonly needs?: Needs | undefined;
  readonly repeat?: number | undefined;
  readonly limit?: number | undefined;
  readonly attempts?: number | undefined;
  readonly cards?: readonly CardDocument[] | undefined;
  readonly boards?: readonly BoardDocument[] | undefined;
  readonly judge: readonly JudgedDocument[];
}

const id = matching(/^[A-Za-z0-9][\w.-]{0,63}$/, 'an id of up to 64 letters, digits, - _ and .');
const bench = matching(/^[a-z0-9][a-z0-9-]{0,39}$/, 'the name of a bench: small letters, digits and -');
const driver = matching(/^[a-z0-9-]{1,40}$/, 'a kind of reader or board, as pcsc, pn532 or stm32');
const times = integer(1, 100_000);

const needs = z.strictObject({
  bench: bench.optional(),
  backend: z.enum(BACKENDS).optional(),
  driver: driver.optional(),
  model: text.optional(),
  interface: z.enum(CARD_INTERFACES).optional(),
  protocol: z.enum(PROTOCOLS).optional(),
  extendedLength: yesNo.optional(),
});

const card = z.strictObject({
  id,
  profile: text.optional(),
  image: text.optional(),
  label: id.optional(),
  atr: bytes(2, 33).optional(),
  interface: z.enum(CARD_INTERFACES).optional(),
});

const board = z.strictObject({
  id,
  driver: z.enum(BOARD_DRIVERS).optional(),
  identity: text.optional(),
  every: yesNo.optional(),
});

/** As the command line takes it. */
const address = matching(/^0x[0-9A-Fa-f]{1,8}$/, 'an address in hexadecimal, as 0x08000000').transform(Number);
const chip = matching(/^0x[0-9A-Fa-f]{1,4}$/, 'the identifier of a chip in hexadecimal, as 0x450').transform(Number);

const judged = z.strictObject({
  id: id.optional(),
  conform: z.enum(SUITE_NAMES).optional(),
  replay: text.optional(),
  benchTap: integer(1, MOST_TAPS).optional(),
  boardTest: z.union([z.literal('all'), z.array(id).min(1)]).optional(),
  boardFlash: text.optional(),
  address: address.optional(),
  image: text.optional(),
  cardAt: address.optional(),
  chip: chip.optional(),
  unprotect: yesNo.optional(),
  resume: yesNo.optional(),
  start: yesNo.optional(),
  /** Milliseconds. */
  rehearsal: integer(0, LONGEST_REHEARSAL_MS).optional(),
  only: text.optional(),
  declare: text.optional(),
  warmUp: integer(0, MOST_TAPS).optional(),
  sequence: z.enum(SEQUENCES).optional(),
  plan: z.enum(PLANS).optional(),
  channel: z.enum(CHANNELS).optional(),
  cards: z.array(id).min(1).optional(),
  boards: z.array(id).min(1).optional(),
  needs: needs.optional(),
  repeat: times.optional(),
  limit: integer(1, 43_200).optional(),
});

export const CAMPAIGN_SCHEMA: z.ZodType<CampaignDocument> = z.strictObject({
  version: integer(1, CAMPAIGN_VERSION),
  name: id,
  needs: needs.optional(),
  repeat: times.optional(),
  /** Seconds that a bench may take for a run. */
  limit: integer(1, 43_200).optional(),
  attempts: integer(1, 100).optional(),
  cards: z.array(card).min(1).optional(),
  boards: z.array(board).min(1).optional(),
  judge: z.array(judged).min(1),
});
