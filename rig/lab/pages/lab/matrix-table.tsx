// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: the table is a grid, which is moved in by arrows
// biome-ignore-all lint/a11y/noRedundantRoles: another layout than a table's, at the width of a phone, takes the implied ones
// biome-ignore-all lint/a11y/useFocusableInteractive: the link in a cell has the focus
import { useRef, useState } from 'preact/hooks';
import type { Cell, Matrix } from '../../api/campaign.ts';
import { placeAfter } from './matrix-keys.ts';
import {
  countInWords,
  countsInWords,
  endedOf,
  leadingState,
  type Say,
  STATE_SIGNS,
  stateInWords,
  totalOf,
  useWords,
} from './parts.tsx';
import { addressOf } from './route.ts';

interface TableProps {
  readonly campaign: number;
  readonly matrix: Matrix;
  /** Those that are shown; rows and columns without one are left out. */
  readonly cells: readonly Cell[];
}

/**
 * Cards by suites: a grid, of which one cell is in the order of Tab, and the arrows lead to the others. At the width of a
 * phone each card is a list of its suites.
 */
export function MatrixTable({ campaign, matrix, cells }: TableProps) {
  const say = useWords();
  const table = useRef<HTMLTableElement>(null);
  const [at, setAt] = useState('');
  const byKey = new Map(cells.map((cell) => [keyOf(cell.subject, cell.suite), cell]));
  const subjects = matrix.subjects.filter((subject) => cells.some((cell) => cell.subject === subject));
  const suites = matrix.suites.filter((suite) => cells.some((cell) => cell.suite === suite));
  const first = cells.find(({ subject }) => subject === subjects[0]);
  const current = byKey.has(at) ? at : first === undefined ? '' : firstKey(subjects, suites, byKey);
  const move = (event: KeyboardEvent): void => {
    const to = next(event, current, subjects, suites, byKey);
    if (to === null) return;
    event.preventDefault();
    setAt(to);
    table.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(to)}"]`)?.focus();
  };
  return (
    <section class="scroller" aria-label={say('matrix')}>
      <table class="matrix" role="grid" ref={table} onKeyDown={move} aria-describedby="matrix-keys">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              {say('subject')}
            </th>
            {suites.map((suite) => (
              <th key={suite} scope="col" role="columnheader">
                {suite}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {subjects.map((subject) => (
            <tr key={subject} role="row">
              <th scope="row" role="rowheader">
                {subject}
              </th>
              {suites.map((suite) => {
                const key = keyOf(subject, suite);
                const cell = byKey.get(key);
                return (
                  <td key={suite} role="gridcell" class={cell === undefined ? 'empty' : undefined}>
                    {cell === undefined ? null : (
                      <CellLink
                        campaign={campaign}
                        cell={cell}
                        key={key}
                        name={key}
                        isCurrent={key === current}
                        enter={setAt}
                      />
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="unseen" id="matrix-keys">
        {say('matrixKeys')}
      </p>
    </section>
  );
}

interface CellProps {
  readonly campaign: number;
  readonly cell: Cell;
  readonly name: string;
  readonly isCurrent: boolean;
  readonly enter: (key: string) => void;
}

function CellLink({ campaign, cell, name, isCurrent, enter }: CellProps) {
  const say = useWords();
  const { subject, suite } = cell;
  const state = leadingState(cell);
  const [main, more] = inShort(say, cell);
  return (
    <a
      class={`cell ${state}`}
      href={addressOf({ page: 'runs', campaign, subject, suite, state: null, after: 0 })}
      aria-label={`${subject}, ${suite}: ${countsInWords(say, cell)}`}
      data-key={name}
      tabIndex={isCurrent ? 0 : -1}
      onFocus={() => enter(name)}
    >
      <span class="suite">{suite}</span>
      <span class="main">
        <span class="sign">{STATE_SIGNS[state]}</span> {main}
      </span>
      <span class="more">{more}</span>
    </a>
  );
}

/** What a cell says in two short lines: what matters most, and how far it is. */
function inShort(say: Say, cell: Cell): readonly [main: string, more: string] {
  const [total, ended] = [totalOf(cell), endedOf(cell)];
  const state = leadingState(cell);
  if (total === 1) return [stateInWords(say, state), ''];
  return [countInWords(say, state, cell[state]), say('endedOf', { ended, total })];
}

function keyOf(subject: string, suite: string): string {
  return JSON.stringify([subject, suite]);
}

type Cells = ReadonlyMap<string, Cell>;

function firstKey(subjects: readonly string[], suites: readonly string[], cells: Cells): string {
  const suite = suites.find((each) => cells.has(keyOf(subjects[0] ?? '', each))) ?? '';
  return keyOf(subjects[0] ?? '', suite);
}

/** Where a key leads from a cell; null: it leads nowhere. */
function next(
  event: KeyboardEvent,
  from: string,
  subjects: readonly string[],
  suites: readonly string[],
  cells: Cells,
): string | null {
  if (event.altKey || event.metaKey || event.shiftKey || from === '') return null;
  const [subject, suite] = JSON.parse(from) as [string, string];
  const to = placeAfter(
    event,
    { row: subjects.indexOf(subject), column: suites.indexOf(suite) },
    subjects.map((each) => suites.map((other) => cells.has(keyOf(each, other)))),
  );
  return to === null ? null : keyOf(subjects[to.row] ?? '', suites[to.column] ?? '');
}
