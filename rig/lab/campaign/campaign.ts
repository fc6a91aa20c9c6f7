import { Issues } from '../../card/profile/issues.ts';
import { type Path, plain, readSource } from '../../card/profile/source.ts';
import { boardsOf, checkBoards, driverOf } from './check-boards.ts';
import { type CampaignRun, expand } from './expand.ts';
import type { BenchDevice } from './fits.ts';
import { CAMPAIGN_SCHEMA, type CampaignDocument, type CardDocument, type JudgedDocument } from './schema.ts';
import { CHANNEL_SUITES, INPUT_PATH } from './work.ts';

/** A campaign that was checked: its runs, and the files that they need. */
export interface Campaign {
  readonly name: string;
  /** Benches that may try a run before it ends as an error. */
  readonly attempts: number;
  readonly runs: readonly CampaignRun[];
  /** Files and folders beside the campaign file, as it names them, each once. */
  readonly inputs: readonly string[];
  /** Ids of boards of which every one is meant. */
  readonly every: readonly string[];
}

/** What lies beside the campaign file and in this program, for the names in it. */
export interface Surroundings {
  /** What a path from the campaign file leads to. */
  kindOf(path: string): 'file' | 'folder' | null;
  isProfile(name: string): boolean;
  /** Whether `suites/NAME` comes with vitap. */
  isShippedSuite(path: string): boolean;
  /** Boards at benches that live; null: no lab was asked, and a board that stands for every one counts as one. */
  readonly boards: readonly BenchDevice[] | null;
}

/** More runs than a laboratory does in one go. */
export const MOST_RUNS: number = 100_000;
const ATTEMPTS = 3;

/** Keys that say what is judged: exactly one each time. */
const KINDS = ['conform', 'replay', 'benchTap', 'boardTest', 'boardFlash', 'rehearsal'] as const;
type Kind = (typeof KINDS)[number];

/** Keys that go with some kinds only. */
const GO_WITH: Readonly<Partial<Record<keyof JudgedDocument, readonly Kind[]>>> = {
  only: ['conform', 'replay'],
  declare: ['conform'],
  warmUp: ['benchTap'],
  sequence: ['benchTap'],
  plan: ['benchTap'],
  channel: ['conform', 'benchTap'],
  cards: ['conform', 'replay', 'benchTap'],
  boards: ['boardTest', 'boardFlash'],
  address: ['boardFlash'],
  image: ['boardFlash'],
  cardAt: ['boardFlash'],
  chip: ['boardFlash'],
  unprotect: ['boardFlash'],
  resume: ['boardFlash'],
  start: ['boardFlash'],
};

/** What was read, and where faults that are found later belong. */
export interface ReadCampaign {
  readonly campaign: Campaign;
  readonly document: CampaignDocument;
  readonly issues: Issues;
}

/**
 * @param name what errors call the text
 * @throws {ProfileError} every fault with file, line and column
 */
export function parseCampaign(text: string, name: string, around: Surroundings): Campaign {
  return readCampaign(text, name, around).campaign;
}

/** As {@link parseCampaign}. */
export function readCampaign(text: string, name: string, around: Surroundings): ReadCampaign {
  const written = readSource(text, name);
  const issues = new Issues(written);
  const result = CAMPAIGN_SCHEMA.safeParse(plain(written), { reportInput: true });
  if (!result.success) {
    for (const issue of result.error.issues) issues.reportSchema(issue);
    issues.throwIfAny();
    throw result.error;
  }
  const document = result.data;
  const check = new Check(document, issues, around);
  check.all();
  issues.throwIfAny();
  const { runs, none } = expand(document, around.boards, MOST_RUNS + 1);
  const boards = document.boards ?? [];
  for (const id of none) {
    const at = boards.findIndex((each) => each.id === id);
    issues.report(['boards', at], `no bench that lives has such a board: see vitap lab benches`);
  }
  if (runs.length > MOST_RUNS) issues.report(['judge'], `these are more than ${MOST_RUNS} runs`);
  issues.throwIfAny();
  const campaign: Campaign = {
    name: document.name,
    attempts: document.attempts ?? ATTEMPTS,
    runs,
    inputs: [...check.inputs].sort(),
    every: boards.filter(({ every }) => every === true).map(({ id }) => id),
  };
  return { campaign, document, issues };
}

/** Names that stand for a profile that comes with vitap; anything else is a path. */
export function isProfileName(text: string): boolean {
  return /^[A-Za-z0-9-]+$/.test(text);
}

class Check {
  readonly #document: CampaignDocument;
  readonly #issues: Issues;
  readonly #around: Surroundings;
  readonly inputs: Set<string> = new Set();

  constructor(document: CampaignDocument, issues: Issues, around: Surroundings) {
    this.#document = document;
    this.#issues = issues;
    this.#around = around;
  }

  all(): void {
    const { cards = [], boards = [], judge } = this.#document;
    this.#unique(cards, 'cards', 'card');
    this.#unique(boards, 'boards', 'board');
    this.#unique(judge, 'judge', 'judgement');
    for (const [i, card] of cards.entries()) this.#card(card, ['cards', i]);
    for (const [i, { every, identity }] of boards.entries()) {
      if (every === true && identity !== undefined) {
        this.#issues.report(['boards', i, 'identity'], 'one board is meant by its identity, and every one by `every`');
      }
    }
    for (const [i, each] of judge.entries()) this.#judged(each, ['judge', i]);
  }

  #unique(all: readonly { readonly id?: string | undefined }[], key: string, what: string): void {
    const seen = new Set<string>();
    for (const [i, { id }] of all.entries()) {
      if (id === undefined) continue;
      if (seen.has(id)) this.#issues.report([key, i, 'id'], `another ${what} has the id \`${id}\``);
      seen.add(id);
    }
  }

  #card(card: CardDocument, at: Path): void {
    const named = (['profile', 'image', 'label', 'atr'] as const).filter((key) => card[key] !== undefined);
    if (named.length !== 1) {
      this.#issues.report(at, `a card has one of profile, image, label and atr, and this one has ${named.length}`);
    }
    const there = card.label !== undefined || card.atr !== undefined;
    if (there && card.interface !== undefined) {
      this.#issues.report(
        [...at, 'interface'],
        'a card that lies in a reader is used as it lies there; `needs` says which interface',
      );
    }
    if (card.profile !== undefined && isProfileName(card.profile)) {
      if (!this.#around.isProfile(card.profile)) {
        this.#issues.report([...at, 'profile'], `there is no profile ${card.profile}`);
      }
    } else if (card.profile !== undefined) this.#input(card.profile, 'file', [...at, 'profile']);
    if (card.image !== undefined) this.#input(card.image, 'file', [...at, 'image']);
  }

  #judged(judged: JudgedDocument, at: Path): void {
    const kinds = KINDS.filter((key) => judged[key] !== undefined);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) {
      const found = kinds.length === 0 ? 'none of them is here' : `here are ${kinds.join(' and ')}`;
      this.#issues.report(at, `what is judged is one of ${KINDS.join(', ')}, and ${found}`);
      return;
    }
    for (const [key, allowed] of Object.entries(GO_WITH)) {
      if (judged[key as keyof JudgedDocument] === undefined || allowed.includes(kind)) continue;
      this.#issues.report([...at, key], `\`${key}\` goes with ${allowed.join(', ')}, not with ${kind}`);
    }
    if (judged.channel !== undefined && judged.conform !== undefined && CHANNEL_SUITES.includes(judged.conform)) {
      this.#issues.report([...at, 'channel'], `the suite ${judged.conform} opens its channels itself`);
    }
    this.#targets(judged, kind, at);
    if (judged.declare !== undefined) this.#input(judged.declare, 'file', [...at, 'declare']);
    if (judged.boardFlash !== undefined) this.#input(judged.boardFlash, 'file', [...at, 'boardFlash']);
    if (judged.image !== undefined) this.#input(judged.image, 'file', [...at, 'image']);
    if (kind === 'boardTest' || kind === 'boardFlash') this.#boards(judged, at);
    if (
      judged.replay !== undefined &&
      this.#around.kindOf(judged.replay) === null &&
      this.#around.isShippedSuite(judged.replay)
    )
      return;
    if (judged.replay !== undefined) this.#input(judged.replay, 'folder', [...at, 'replay']);
  }

  #boards(judged: JudgedDocument, at: Path): void {
    const { boards = [], needs } = this.#document;
    const drivers = boardsOf(boards, judged.boards).map((each) => driverOf(each, { ...needs, ...judged.needs }));
    if (drivers.length > 0) checkBoards(judged, drivers, at, this.#issues);
  }

  /** Cards or boards, as this kind has them, are there. */
  #targets(judged: JudgedDocument, kind: Kind, at: Path): void {
    if (kind === 'rehearsal') return;
    const key = kind === 'boardTest' || kind === 'boardFlash' ? 'boards' : 'cards';
    const all: readonly { readonly id: string }[] = this.#document[key] ?? [];
    if (all.length === 0) {
      this.#issues.report([...at, kind], `${kind} judges ${key}, and this campaign names none under \`${key}\``);
    }
    for (const [i, id] of (judged[key] ?? []).entries()) {
      if (all.some((each) => each.id === id)) continue;
      const known = all.map((each) => each.id).join(', ');
      this.#issues.report([...at, key, i], `no ${key.slice(0, -1)} has the id \`${id}\`; there is ${known || 'none'}`);
    }
  }

  /** A file or folder that is uploaded: beside the campaign file, so that a bench opens no path of its own. */
  #input(path: string, kind: 'file' | 'folder', at: Path): void {
    const normal = path.replace(/\/$/, '');
    if (!INPUT_PATH.safeParse(normal).success) {
      this.#issues.report(
        at,
        'an input lies beside the campaign file or in a folder there, and is named by its path from there',
      );
      return;
    }
    const found = this.#around.kindOf(normal);
    if (found === null) this.#issues.report(at, `there is no ${kind} ${path} beside the campaign file`);
    else if (found !== kind) this.#issues.report(at, `${path} is a ${found}; a ${kind} is needed here`);
    else this.inputs.add(normal);
  }
}
