import * as z from 'zod';
import { count, text, time, uuid } from './fields.ts';
import { RUN_SUMMARY, type RunSummary } from './run.ts';

/** A campaign that is new, or that has ended. */
export interface CampaignChange {
  readonly campaign: number;
  readonly name: string;
  readonly submittedAt: number;
  readonly endedAt: number | null;
}
const CAMPAIGN_CHANGE: z.ZodType<CampaignChange> = z.object({
  campaign: z.int(),
  name: z.string(),
  submittedAt: time,
  endedAt: time.nullable(),
});

/** How far a run is. */
export interface RunProgress {
  readonly campaign: number;
  readonly run: string;
  readonly attempt: string;
  readonly done: number;
  readonly total: number;
  readonly note: string;
}
const RUN_PROGRESS: z.ZodType<RunProgress> = z.object({
  campaign: z.int(),
  run: uuid,
  attempt: uuid,
  done: count,
  total: count,
  note: z.string(),
});

/** A bench of which something changed: its life, its quarantine, what it has, what it does. */
export interface BenchChange {
  readonly bench: string;
  readonly alive: boolean;
  readonly quarantined: string | null;
  /** How many runs it has now. */
  readonly running: number;
}
const BENCH_CHANGE: z.ZodType<BenchChange> = z.object({
  bench: z.string(),
  alive: z.boolean(),
  quarantined: z.string().nullable(),
  running: count,
});

const START: z.ZodType<object> = z.object({});
const END: z.ZodType<{ readonly error: string; readonly message: string }> = z.object({ error: text, message: text });

/** Data of each event of GET /v1/events, by its name. */
export interface LabEventData {
  /** From here on all is told. What was before is asked for: the first event, and one after what could not be told. */
  readonly start: object;
  readonly campaign: CampaignChange;
  /** A run has another state, attempt or reason. */
  readonly run: RunSummary;
  readonly progress: RunProgress;
  readonly bench: BenchChange;
  /** The token opens nothing any more: who comes back is refused. */
  readonly end: { readonly error: string; readonly message: string };
}
export type LabEvent = {
  [Name in keyof LabEventData]: { readonly event: Name; readonly data: LabEventData[Name] };
}[keyof LabEventData];

export const LAB_EVENTS: { readonly [Name in keyof LabEventData]: z.ZodType<LabEventData[Name]> } = {
  start: START,
  campaign: CAMPAIGN_CHANGE,
  run: RUN_SUMMARY,
  progress: RUN_PROGRESS,
  bench: BENCH_CHANGE,
  end: END,
};

/** An event by its name and its JSON; null: it is none of these, as a newer server may send it. */
export function readLabEvent(name: string, json: string): LabEvent | null {
  const schema = Object.hasOwn(LAB_EVENTS, name) ? LAB_EVENTS[name as keyof LabEventData] : null;
  if (schema === null) return null;
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    return null;
  }
  const read = schema.safeParse(data);
  return read.success ? ({ event: name, data: read.data } as LabEvent) : null;
}
