import { useLayoutEffect, useState } from 'preact/hooks';
import type { CellPlace } from '../../api/campaign.ts';
import type { RunState } from '../../api/run.ts';

/*
 * Addresses of the page: `#/campaigns/3`, `#/runs/…`. They stand behind the #, which a browser sends to no server, and hold
 * no token: whoever gets one shows a token of their own.
 */

/** The worst first, as counts are said. */
export const STATES = [
  'failed',
  'error',
  'running',
  'queued',
  'cancelled',
  'passed',
] as const satisfies readonly RunState[];

/** What of a matrix is shown. */
export const SHOWN_CELLS = ['all', 'bad', 'open'] as const;
export type ShownCells = (typeof SHOWN_CELLS)[number];

export type Route =
  /** `before`: campaigns older than this one; null: the newest. */
  | { readonly page: 'campaigns'; readonly before: number | null }
  | {
      readonly page: 'campaign';
      readonly id: number;
      readonly cells: ShownCells;
      /** The cell behind which a large matrix goes on. */
      readonly after?: CellPlace | null;
    }
  | {
      readonly page: 'runs';
      readonly campaign: number;
      readonly subject: string | null;
      readonly suite: string | null;
      readonly state: RunState | null;
      readonly after: number;
    }
  | { readonly page: 'run'; readonly id: string }
  | {
      readonly page: 'case';
      readonly id: string;
      /** Whose runs are shown; null: those of all campaigns. */
      readonly campaign: number | null;
      /** The campaign from which one came; null: none. */
      readonly from: number | null;
      /** The run behind which a long list goes on. */
      readonly after: string | null;
    }
  | { readonly page: 'file'; readonly run: string; readonly name: string }
  /** @see name a bench that is looked for; null: all of them */
  | { readonly page: 'benches'; readonly name: string | null }
  | { readonly page: 'compare'; readonly first: number | null; readonly second: number | null }
  | { readonly page: 'search'; readonly words: string }
  | { readonly page: 'unknown' };

export const START: Route = { page: 'campaigns', before: null };

const NUMBER = /^\d{1,15}$/;
const RUN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const FILE = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const BENCH = /^[a-z0-9][a-z0-9-]{0,39}$/;
const LONGEST_WORDS = 100;

/** Whether what stands behind the # leads somewhere, and is no token. */
export function isAddress(hash: string): boolean {
  return hash === '' || hash.startsWith('#/');
}

/** @param hash as `location` has it: `#/campaigns/3?cells=bad` */
export function routeOf(hash: string): Route {
  if (hash === '' || hash === '#' || hash === '#/') return START;
  const [path = '', search = ''] = hash.slice(1).split(/\?(.*)/s, 2);
  const parts = path.split('/').slice(1).map(decoded);
  const query = new URLSearchParams(search);
  return partsOf(parts, query) ?? { page: 'unknown' };
}

function partsOf([first, second, third, fourth, ...more]: readonly string[], query: URLSearchParams): Route | null {
  if (more.length > 0) return null;
  switch (first) {
    case 'campaigns':
      if (second === undefined) return { page: 'campaigns', before: numberIn(query, 'before') };
      if (!NUMBER.test(second) || fourth !== undefined) return null;
      if (third === undefined)
        return { page: 'campaign', id: Number(second), cells: cellsIn(query), after: placeIn(query) };
      return third === 'runs' ? runsIn(Number(second), query) : null;
    case 'runs':
      if (second === undefined || !RUN.test(second)) return null;
      if (third === undefined) return { page: 'run', id: second };
      return third === 'files' && fourth !== undefined && FILE.test(fourth)
        ? { page: 'file', run: second, name: fourth }
        : null;
    case 'cases':
      return second === undefined ? caseIn(query) : null;
    case 'benches':
      if (third !== undefined) return null;
      if (second === undefined) return { page: 'benches', name: null };
      return BENCH.test(second) ? { page: 'benches', name: second } : null;
    case 'compare':
      if (second !== undefined) return null;
      return { page: 'compare', first: numberIn(query, 'first'), second: numberIn(query, 'second') };
    case 'search':
      if (second !== undefined) return null;
      return { page: 'search', words: (query.get('words') ?? '').slice(0, LONGEST_WORDS) };
    default:
      return null;
  }
}

function runsIn(campaign: number, query: URLSearchParams): Route {
  return {
    page: 'runs',
    campaign,
    subject: query.get('subject'),
    suite: query.get('suite'),
    state: STATES.find((each) => each === query.get('state')) ?? null,
    after: numberIn(query, 'after') ?? 0,
  };
}

const LONGEST_CASE = 200;

function caseIn(query: URLSearchParams): Route | null {
  const id = query.get('id') ?? '';
  if (id === '' || id.length > LONGEST_CASE) return null;
  const campaign = numberIn(query, 'campaign');
  const after = query.get('after') ?? '';
  return {
    page: 'case',
    id,
    campaign,
    from: campaign ?? numberIn(query, 'from'),
    after: RUN.test(after) ? after : null,
  };
}

function cellsIn(query: URLSearchParams): ShownCells {
  return SHOWN_CELLS.find((each) => each === query.get('cells')) ?? 'all';
}

function placeIn(query: URLSearchParams): CellPlace | null {
  const [subject, suite] = [query.get('afterSubject'), query.get('afterSuite')];
  return subject === null || suite === null ? null : { subject, suite };
}

function numberIn(query: URLSearchParams, name: string): number | null {
  const value = query.get(name) ?? '';
  return NUMBER.test(value) ? Number(value) : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/** The address of a route, as a link has it. */
export function addressOf(route: Route): string {
  switch (route.page) {
    case 'campaigns':
      return withQuery('/campaigns', { before: route.before });
    case 'campaign':
      return withQuery(`/campaigns/${route.id}`, {
        cells: route.cells === 'all' ? null : route.cells,
        afterSubject: route.after?.subject ?? null,
        afterSuite: route.after?.suite ?? null,
      });
    case 'runs': {
      const { campaign, subject, suite, state, after } = route;
      return withQuery(`/campaigns/${campaign}/runs`, { subject, suite, state, after: after === 0 ? null : after });
    }
    case 'run':
      return `#/runs/${route.id}`;
    case 'case': {
      const { id, campaign, from, after } = route;
      return withQuery('/cases', { id, campaign, from: campaign === null ? from : null, after });
    }
    case 'file':
      return `#/runs/${route.run}/files/${encodeURIComponent(route.name)}`;
    case 'benches':
      return route.name === null ? '#/benches' : `#/benches/${route.name}`;
    case 'compare':
      return withQuery('/compare', { first: route.first, second: route.second });
    case 'search':
      return withQuery('/search', { words: route.words === '' ? null : route.words });
    case 'unknown':
      return '#/';
  }
}

function withQuery(path: string, values: Readonly<Record<string, string | number | null>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== null) query.set(name, String(value));
  const text = query.toString();
  return `#${path}${text === '' ? '' : `?${text}`}`;
}

/** Goes there, so that Back comes back. */
export function goTo(route: Route): void {
  location.hash = addressOf(route);
}

/** Says where one is without a step for Back. */
export function stayAt(route: Route): void {
  history.replaceState(null, '', addressOf(route));
  window.dispatchEvent(new Event(STAYED));
}

const STAYED = 'lab-stayed';

/** Where the address leads, and whether the reader came there by a step of theirs. */
export function useRoute(): { readonly route: Route; readonly entered: boolean } {
  const [at, setAt] = useState(() => ({ route: routeOf(location.hash), entered: false }));
  // Before the page is seen, so that no step is missed.
  useLayoutEffect(() => {
    const go = (entered: boolean): void => {
      if (isAddress(location.hash)) setAt({ route: routeOf(location.hash), entered });
    };
    const stepped = (): void => go(true);
    const stayed = (): void => go(false);
    window.addEventListener('hashchange', stepped);
    window.addEventListener(STAYED, stayed);
    return () => {
      window.removeEventListener('hashchange', stepped);
      window.removeEventListener(STAYED, stayed);
    };
  }, []);
  return at;
}
