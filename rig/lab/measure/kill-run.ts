import { setTimeout as sleep } from 'node:timers/promises';
import type { PersonLink } from '../api/person-link.ts';
import type { Part } from './part.ts';
import {
  campaignEnd,
  type LabPlace,
  type LabSize,
  type Rehearsals,
  startRehearsalLab,
  submitRehearsals,
} from './running-lab.ts';

export interface KillRun extends LabSize, Rehearsals {
  /** Null: until the last run has ended. */
  readonly kills: number | null;
  /** From one kill to the next. */
  readonly everyMs: number;
  /** How long the runs may take in all. */
  readonly limitMs: number;
}

export interface KillPlace extends LabPlace {
  /** Ends the database as a loss of power does, and starts it again; null: it is left alone, or is a server's own. */
  readonly crashStore: (() => Promise<void>) | null;
  /** Hears of each kill. */
  say(text: string): void;
}

/** What was killed, and when. */
export interface Kill {
  readonly victim: string;
  readonly kind: 'bench' | 'server' | 'database';
  /** Milliseconds since 1970, by the clock of this machine. */
  readonly at: number;
}

export interface KillOutcome {
  readonly link: PersonLink;
  readonly campaign: number;
  readonly kills: readonly Kill[];
  end(): Promise<void>;
}

/** A run may be tried again after each kill of its bench. */
const ATTEMPTS = 20;

/**
 * A lab of servers and benches, each a process: a campaign of rehearsals, while a bench, a server and the database are
 * killed in turn, until its last run has ended. The lab still runs then. @throws {CannotRun}; the reason of the signal
 */
export async function killRun(run: KillRun, place: KillPlace): Promise<KillOutcome> {
  const { signal } = place;
  const lab = await startRehearsalLab(run, place);
  const kills: Kill[] = [];
  const over = new AbortController();
  try {
    const campaign = await submitRehearsals(lab.link, 'kills', run, ATTEMPTS);
    const ended = campaignEnd(lab.link, campaign, { limitMs: run.limitMs, signal });
    const stop = AbortSignal.any([signal, over.signal]);
    const killing = killInTurn(run, victimsOf(lab, place.crashStore), kills, place.say, stop);
    // A number of kills that was asked for is kept, although the runs may have ended before.
    await (run.kills === null ? ended : Promise.all([ended, killing]));
    over.abort();
    await killing;
    return { link: lab.link, campaign, kills, end: () => lab.end() };
  } catch (error) {
    over.abort();
    await lab.end();
    throw error;
  }
}

interface Victims {
  readonly kind: Kill['kind'];
  readonly each: readonly { readonly name: string; kill(): Promise<void> }[];
}

function victimsOf(
  { benches, servers }: { readonly benches: readonly Part[]; readonly servers: readonly Part[] },
  crashStore: (() => Promise<void>) | null,
): readonly Victims[] {
  const again = (part: Part) => ({
    name: part.name,
    kill: async () => {
      await part.kill();
      part.startAgain();
    },
  });
  return [
    { kind: 'bench', each: benches.map(again) },
    { kind: 'server', each: servers.map(again) },
    ...(crashStore === null ? [] : [{ kind: 'database' as const, each: [{ name: 'database', kill: crashStore }] }]),
  ];
}

/** One of each kind in turn, and of each kind one after the other. */
async function killInTurn(
  { kills, everyMs }: KillRun,
  victims: readonly Victims[],
  done: Kill[],
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = 0; kills === null || turn < kills; turn++) {
    await sleep(everyMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const { kind, each } = victims[turn % victims.length] as Victims;
    const victim = each[Math.floor(turn / victims.length) % each.length] as Victims['each'][number];
    done.push({ victim: victim.name, kind, at: Date.now() });
    say(`kill ${turn + 1}: ${victim.name}`);
    await victim.kill();
  }
}
