import type { Command } from 'commander';
import { leavesOf } from './command-tree.ts';
import { exitCodes, USAGE_NOTES } from './usage-notes.ts';

/** The manual page of the whole command line, for man(1), made of the command line itself. */
export function manPage(program: Command, version: string): string {
  const leaves = leavesOf(program);
  const lines = [
    `.TH VITAP 1 "" "vitap ${escaped(version)}" "Vitap"`,
    '.SH NAME',
    'vitap \\- an emulated Vitale\\-like test card, and the bench that reads it',
    '.SH SYNOPSIS',
    '.B vitap',
    '.I command',
    '[\\fIoption\\fR ...]',
    '.SH DESCRIPTION',
    paragraph(program.description()),
    '.SH COMMANDS',
    ...leaves.flatMap(({ path, command }) => commandLines(path, command)),
    '.SH ENVIRONMENT',
    ...term('VITAP_PIN', 'a code, where no option gives one'),
    ...term('VITAP_DEBUG', '1 shows where an error arose'),
    ...term('NO_COLOR, FORCE_COLOR', 'verdicts without colour, and in colour also where the output is no terminal'),
    ...term('LC_ALL, LC_CTYPE, LANG', 'a locale that is not UTF-8 gets ASCII'),
    '.SH EXIT STATUS',
    ...exitCodes('judged and failed').flatMap(([code, meaning]) => term(code, meaning)),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(path: readonly string[], command: Command): readonly string[] {
  const help = command.createHelp();
  const { examples, fails } = USAGE_NOTES[path.join(' ')] ?? { examples: [], fails: null };
  const args = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [
    `.SS ${escaped([`vitap ${path.join(' ')}`, '[options]', ...args].join(' '))}`,
    paragraph(sentence(command.description())),
    ...help.visibleArguments(command).flatMap((each) => term(help.argumentTerm(each), help.argumentDescription(each))),
    ...help.visibleOptions(command).flatMap((option) => term(help.optionTerm(option), help.optionDescription(option))),
    ...(fails === null ? [] : ['.PP', `Exit code 1: ${text(fails)}.`]),
    ...(examples.length === 0 ? [] : ['.PP', 'Examples:', '.EX', ...examples.map((line) => `  ${text(line)}`), '.EE']),
  ];
}

function term(head: string, body: string): readonly string[] {
  return ['.TP', `.B ${escaped(head)}`, text(body)];
}

function paragraph(words: string): string {
  return text(words);
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`;
}

/** A line of its own: a dot or a quote at its beginning would be a request. */
function text(words: string): string {
  return escaped(words).replace(/^(?=[.'])/, '\\&');
}

/** roff's own signs; a minus that is one and no hyphen, so that options can be copied. */
function escaped(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\u0020-\u007e]/g,
      (character) => `\\[u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
