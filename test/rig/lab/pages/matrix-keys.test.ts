import { describe, expect, it } from 'vitest';
import { type Place, placeAfter } from '../../../../rig/lab/pages/lab/matrix-keys.ts';

/** `#` is a cell, `.` is none. */
const GAPS = ['#......', '......#', '.#..##.', '.#####.'];
const rowsOf = (drawn: readonly string[]) => drawn.map((row) => [...row].map((each) => each === '#'));
const pressed = (key: string) => ({ key: key.replace('Ctrl+', ''), ctrlKey: key.startsWith('Ctrl+') });

describe('keys in a matrix with gaps', () => {
  it.each<[string, string, readonly [number, number], readonly [number, number] | null]>([
    ['right, in a row', 'ArrowRight', [2, 1], [2, 4]],
    ['right, at the end of a row: the next one', 'ArrowRight', [0, 0], [1, 6]],
    ['right, at the last cell', 'ArrowRight', [3, 5], null],
    ['left, at the start of a row: the one before', 'ArrowLeft', [2, 1], [1, 6]],
    ['left, at the first cell', 'ArrowLeft', [0, 0], null],
    ['down, in a column', 'ArrowDown', [2, 1], [3, 1]],
    ['down, where the column has no other: the nearest of the next row', 'ArrowDown', [1, 6], [2, 5]],
    ['down, where the next row has one cell far away', 'ArrowDown', [0, 0], [1, 6]],
    ['down, in the last row', 'ArrowDown', [3, 2], null],
    ['up, in a column', 'ArrowUp', [3, 4], [2, 4]],
    ['up, where the column has no other', 'ArrowUp', [3, 2], [2, 1]],
    ['home', 'Home', [3, 4], [3, 1]],
    ['end', 'End', [2, 1], [2, 5]],
    ['to the first of all', 'Ctrl+Home', [3, 4], [0, 0]],
    ['to the last of all', 'Ctrl+End', [0, 0], [3, 5]],
    ['a key that means nothing here', 'x', [0, 0], null],
  ])('%s', (_name, key, [row, column], to) => {
    const found = placeAfter(pressed(key), { row, column }, rowsOf(GAPS));
    expect(found).toEqual(to === null ? null : { row: to[0], column: to[1] });
  });

  it.each([[GAPS], [['#.', '.#', '#.']], [['#']]])('each cell of %j is reached by one arrow', (drawn) => {
    const rows = rowsOf(drawn);
    const reached: string[] = [];
    let at: Place | null = placeAfter(pressed('Ctrl+Home'), { row: 0, column: 0 }, rows);
    while (at !== null) {
      reached.push(`${at.row},${at.column}`);
      at = placeAfter(pressed('ArrowRight'), at, rows);
    }
    const all = rows.flatMap((row, i) => row.flatMap((has, j) => (has ? [`${i},${j}`] : [])));
    expect(reached).toEqual(all);
  });
});
