import type { Argument, Command, Option } from 'commander';
import { LINK_FORMS } from '../endpoint/links.ts';
import { READER_FORMS } from '../endpoint/readers.ts';
import { nodesOf } from './command-tree.ts';

export type ShellName = 'bash' | 'zsh' | 'fish';

/** What may stand for a value: words, and names of files where `files` is true. */
interface Values {
  readonly words: readonly string[];
  readonly files: boolean;
}

interface OptionRow {
  /** `--reader`, `-o` */
  readonly flags: readonly string[];
  readonly description: string;
  /** Null: it takes no value. */
  readonly values: Values | null;
}

interface CommandRow {
  /** The words that lead here, joined by a space; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionRow[];
  readonly values: Values;
}

/**
 * The script that teaches a shell this command line, made of the command line itself.
 * @param profiles names of the shipped profiles
 */
export function completionScript(program: Command, shell: ShellName, profiles: readonly string[]): string {
  const rows = nodesOf(program).map(({ path, command }) => rowOf(path, command, profiles));
  return { bash, zsh, fish }[shell](rows);
}

function rowOf(path: readonly string[], command: Command, profiles: readonly string[]): CommandRow {
  const help = command.createHelp();
  const options = help.visibleOptions(command).map((option) => ({
    flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    values:
      option.required || option.optional
        ? valuesOf(profileOption(option) ? 'profiles' : nameIn(option), option, profiles)
        : null,
  }));
  const args = command.registeredArguments.map((argument) => valuesOf(argument.name(), argument, profiles));
  return {
    path: path.join(' '),
    commands: help.visibleCommands(command).map((each) => ({ name: each.name(), description: each.description() })),
    options,
    values: { words: args.flatMap(({ words }) => words), files: args.some(({ files }) => files) },
  };
}

/** `file` of `--out <file>`. */
function nameIn({ flags }: Option): string {
  return /[<[]([^>\]]+)/.exec(flags)?.[1] ?? '';
}

/** An image may be a profile by its name, too. */
function profileOption({ long }: Option): boolean {
  return long === '--profile' || long === '--image';
}

/** Words that a person types first, of forms such as `pcsc:NAME`: those that can stand alone. */
function plainForms(forms: string): readonly string[] {
  return forms.split(/, | or | and /).filter((form) => /^[a-z0-9-]+$/.test(form));
}

const FILE_NAMES = /file|folder|trace|card$|image|^in$|^out$|^[ab]$|port|path/;

function valuesOf(
  name: string,
  { argChoices = [] }: Pick<Option | Argument, 'argChoices'>,
  profiles: readonly string[],
): Values {
  if (argChoices.length > 0) return { words: argChoices, files: false };
  if (name === 'reader') return { words: plainForms(READER_FORMS), files: false };
  if (name === 'link') return { words: plainForms(LINK_FORMS), files: false };
  if (name === 'profiles' || name === 'card') return { words: profiles, files: true };
  return { words: [], files: FILE_NAMES.test(name) };
}

/** Quoted for a POSIX shell, in one line. */
function quoted(text: string): string {
  return `'${text.replace(/\s+/g, ' ').replaceAll("'", "'\\''")}'`;
}

/** For bash and zsh: where in the command line the cursor is, as words of commands; `path` holds it. */
function pathCases(rows: readonly CommandRow[]): string {
  const paths = rows.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`);
  return `      ${paths.join('|')}) path=$next ;;`;
}

function bash(rows: readonly CommandRow[]): string {
  const cases = rows.map(({ path, commands, options, values }) => {
    const flags = options.flatMap((option) => option.flags);
    const valued = options.flatMap((option) =>
      option.values === null
        ? []
        : [
            `        ${option.flags.join('|')}) words=${quoted(option.values.words.join(' '))}; files=${option.values.files ? 1 : 0} ;;`,
          ],
    );
    const words = [...commands.map(({ name }) => name), ...values.words].join(' ');
    const otherwise = `        *) words=${quoted(words)}; flags=${quoted(flags.join(' '))}; files=${values.files ? 1 : 0} ;;`;
    return `    "${path}")\n      case $prev in\n${[...valued, otherwise].join('\n')}\n      esac ;;`;
  });
  return `# bash completion of vitap; made by: vitap completion bash
_vitap() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path= next= words= flags= files=0 i
  # --option=value arrives in three words.
  if [[ $cur == = ]]; then cur=
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case $next in
${pathCases(rows)}
    esac
  done
  case $path in
${cases.join('\n')}
  esac
  if [[ $cur == -* ]]; then words=$flags; files=0; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if ((files)); then
    compopt -o filenames 2>/dev/null
    local file
    while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
  fi
}
complete -F _vitap vitap
`;
}

/** In zsh's lists a colon parts a word from what it means. */
function described(word: string, description: string): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${description}`);
}

function zsh(rows: readonly CommandRow[]): string {
  const cases = rows.map(({ path, commands, options, values }) => {
    const valued = options.flatMap((option) =>
      option.values === null
        ? []
        : [
            `        ${option.flags.join('|')}) words=(${option.values.words.map(quoted).join(' ')}); files=${option.values.files ? 1 : 0} ;;`,
          ],
    );
    const words = [
      ...commands.map(({ name, description }) => described(name, description)),
      ...values.words.map((word) => described(word, '')),
    ];
    const flags = options.flatMap((option) => option.flags.map((flag) => described(flag, option.description)));
    const otherwise = `        *) words=(${words.join(' ')}); flags=(${flags.join(' ')}); files=${values.files ? 1 : 0} ;;`;
    return `    "${path}")\n      case $prev in\n${[...valued, otherwise].join('\n')}\n      esac ;;`;
  });
  return `#compdef vitap
# zsh completion of vitap; made by: vitap completion zsh
_vitap() {
  local cur=\${words[CURRENT]} prev=\${words[CURRENT-1]} path_ next i files=0
  local -a typed flags
  typed=("\${words[@]}")
  local -a words
  for ((i = 2; i < CURRENT; i++)); do
    next="\${path_:+$path_ }\${typed[i]}"
    case $next in
${pathCases(rows).replaceAll('path=$next', 'path_=$next')}
    esac
  done
  case $path_ in
${cases.join('\n')}
  esac
  local -a offered
  offered=("\${words[@]}")
  words=("\${typed[@]}")
  if [[ $cur == -* ]]; then
    _describe -o option flags
  else
    (( \${#offered} )) && _describe value offered
    (( files )) && _files
  fi
}
if [ "$funcstack[1]" = "_vitap" ]; then _vitap "$@"; else compdef _vitap vitap; fi
`;
}

/** fish quotes a backslash and a quote with a backslash. */
function fishQuoted(text: string): string {
  return `'${text.replace(/\s+/g, ' ').replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fish(rows: readonly CommandRow[]): string {
  const lines = rows.flatMap(({ path, commands, options, values }) => {
    const here = `complete -c vitap -n ${fishQuoted(`test (__vitap_path) = '${path}'`)}`;
    return [
      ...commands.map(({ name, description }) => `${here} -a ${name} -d ${fishQuoted(description)}`),
      ...(values.words.length === 0 ? [] : [`${here} -a ${fishQuoted(values.words.join(' '))}`]),
      ...(values.files ? [`${here} -F`] : []),
      ...options.map((option) => {
        const flags = option.flags.map((flag) =>
          flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
        );
        const value =
          option.values === null
            ? ''
            : ` -r${option.values.files ? 'F' : 'f'}${option.values.words.length === 0 ? '' : ` -a ${fishQuoted(option.values.words.join(' '))}`}`;
        return `${here} ${flags.join(' ')}${value} -d ${fishQuoted(option.description)}`;
      }),
    ];
  });
  return `# fish completion of vitap; made by: vitap completion fish
function __vitap_path
    set -l path ''
    for word in (commandline -opc)[2..]
        set -l next (string trim -- "$path $word")
        if contains -- $next ${rows
          .filter(({ path }) => path !== '')
          .map(({ path }) => fishQuoted(path))
          .join(' ')}
            set path $next
        end
    end
    echo $path
end
complete -c vitap -f
${lines.join('\n')}
`;
}
