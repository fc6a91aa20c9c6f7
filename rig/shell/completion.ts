import { COMMANDS } from './commands.ts';
import type { SeenOnCard } from './desk.ts';
import { filesOf } from './known-files.ts';
import type { MacroTable } from './macros.ts';

/**
 * What Tab makes of a line: commands, then what may stand after each: files by name and as the card has told them, tags,
 * macros.
 * @returns the words that fit, and the part of the line that they stand in for: as readline wants it
 */
export function completeLine(
  line: string,
  offer: { readonly seen: SeenOnCard; readonly macros: MacroTable },
): [string[], string] {
  const words = line.trimStart().split(/\s+/);
  const word = words.at(-1) ?? '';
  if (words.length === 1) {
    return [
      fitting(
        COMMANDS.map(({ name }) => name),
        word,
      ),
      word,
    ];
  }
  const row = COMMANDS.find(({ name }) => name === words[0]?.toLowerCase());
  const offered = row?.offers?.(offer) ?? [];
  if (words[0] === 'macro' && words.length === 3)
    return [words[1] === 'delete' ? fitting(offer.macros.names, word) : [], word];
  if (words.length !== 2) return [[], word];
  const slash = word.lastIndexOf('/');
  if (slash < 0) return [fitting(offered, word), word];
  // Below a directory only files come: its own where it has a name here.
  const own = filesOf(word.slice(0, slash).split('/').at(-1) ?? '');
  const files = [...own, ...offered.filter((each) => /^[0-9A-F]{4}$/.test(each))];
  const part = word.slice(slash + 1);
  return [fitting(files, part), part];
}

function fitting(all: readonly string[], begun: string): string[] {
  const wanted = begun.toLowerCase();
  const found = all.filter((each) => each.toLowerCase().startsWith(wanted));
  return [...new Set(found)].sort().map((each) => `${each} `);
}
