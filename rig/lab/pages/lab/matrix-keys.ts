/** What is looked at of a key that was pressed in the matrix. */
export interface PressedKey {
  readonly key: string;
  readonly ctrlKey: boolean;
}

/** A cell's place among the rows and columns that are shown, from 0. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/**
 * Where a key leads from a cell of a matrix that may have gaps; null: nowhere. Right and left go on in the next row and the
 * one before, so that each cell can be reached, whatever is empty. Down and up stay in the column where it has another
 * cell that way, and go to the nearest one of the next row where it has none.
 */
export function placeAfter(
  { key, ctrlKey }: PressedKey,
  from: Place,
  rows: readonly (readonly boolean[])[],
): Place | null {
  const cells = rows.flatMap((columns, row) => columns.flatMap((has, column) => (has ? [{ row, column }] : [])));
  const at = cells.findIndex(({ row, column }) => row === from.row && column === from.column);
  if (at < 0) return null;
  const inRow = cells.filter(({ row }) => row === from.row);
  switch (key) {
    case 'ArrowRight':
      return cells[at + 1] ?? null;
    case 'ArrowLeft':
      return cells[at - 1] ?? null;
    case 'ArrowDown':
      return inNextRow(cells.slice(at + 1), from);
    case 'ArrowUp':
      return inNextRow(cells.slice(0, at).reverse(), from);
    case 'Home':
      return (ctrlKey ? cells : inRow)[0] ?? null;
    case 'End':
      return (ctrlKey ? cells : inRow).at(-1) ?? null;
    default:
      return null;
  }
}

/** @param ahead cells that way, the nearest first */
function inNextRow(ahead: readonly Place[], { row, column }: Place): Place | null {
  const others = ahead.filter((cell) => cell.row !== row);
  const below = others.find((cell) => cell.column === column);
  if (below !== undefined) return below;
  const next = others.filter((cell) => cell.row === others[0]?.row);
  const away = (cell: Place): number => Math.abs(cell.column - column);
  return next.reduce<Place | null>((best, cell) => (best === null || away(cell) < away(best) ? cell : best), null);
}
