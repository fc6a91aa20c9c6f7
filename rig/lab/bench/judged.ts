import type { Channel } from '../../../src/hal/distant/index.ts';
import type { CardSource } from '../../card/card-source.ts';
import type { CommandIo } from '../../console/io.ts';
import type { Figures } from '../api/figure.ts';
import type { ResultBlob, ResultStatement } from '../api/result.ts';
import type { RunCard } from '../campaign/work.ts';
import type { LocalDevice } from './devices.ts';

/** What a run came to, before it is signed. */
export interface Judged
  extends Pick<ResultStatement, 'verdict' | 'reason' | 'backend' | 'card' | 'image' | 'board' | 'repairs' | 'cases'> {
  readonly figures: Figures;
  readonly files: readonly LocalFile[];
}

/** A masked file that a run left in its folder. */
export interface LocalFile extends Pick<ResultBlob, 'role' | 'name' | 'mediaType'> {
  readonly path: string;
}

/** Where and with what a run is judged. */
export interface RunPlace {
  /** Name of this bench. */
  readonly bench: string;
  readonly device: LocalDevice;
  /** The run's own folder, taken away afterwards. */
  readonly folder: string;
  /** Folder of the campaign's inputs. */
  readonly inputs: string;
  readonly env: CommandIo['env'];
  readonly signal: AbortSignal;
  /** Whether no other attempt comes after this one: what could not be judged is then recorded, and not given back. */
  readonly last: boolean;
  /** The lab's key for the names of images; null: the one of this station. */
  readonly imageKey: string | null;
  /** Connects to the one who asked for the reader of this run. */
  openPool(): Promise<Channel>;
  /** Told how far it is. */
  note(text: string): void;
  /** Told what a run that was stopped has left behind: a board with half a program. */
  left(words: string): void;
}

/** What a verb said while it ran. */
export interface Said {
  readonly io: CommandIo;
  /** The document that it printed with `--json`; null: none, or no JSON. */
  document(): unknown;
}

/** More than any report has. */
const MOST_CHARACTERS = 128 * 1024 * 1024;

/** A world for a verb that is not on a terminal: nobody can be asked, and its document is kept. */
export function listening({ env, signal, note }: Pick<RunPlace, 'env' | 'signal' | 'note'>): Said {
  const pieces: string[] = [];
  let length = 0;
  return {
    io: {
      stdout: (text) => {
        length += text.length;
        if (length <= MOST_CHARACTERS) pieces.push(text);
      },
      delivered: () => Promise.resolve(true),
      stderr: (text) => {
        const line = text.trim().split('\n').at(-1) ?? '';
        if (line !== '') note(line);
      },
      json: true,
      stdinIsTty: false,
      stdoutIsTty: false,
      stderrIsTty: false,
      env,
      signal,
      askHidden: () => Promise.reject(new Error('nobody is asked in a run')),
    },
    document: () => {
      try {
        return JSON.parse(pieces.join('')) as unknown;
      } catch {
        return null;
      }
    },
  };
}

/** A card of ours of a run, by its file among the inputs where it has one; null: the card that lies there. */
export function sourceOf(card: RunCard, inputs: string): CardSource | null {
  switch (card.kind) {
    case 'profile':
      return {
        kind: 'profile',
        name: /^[A-Za-z0-9-]+$/.test(card.profile) ? card.profile : `${inputs}/${card.profile}`,
      };
    case 'image':
      return { kind: 'image', fileOrName: `${inputs}/${card.image}` };
    case 'there':
      return null;
  }
}
