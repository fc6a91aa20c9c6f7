import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { counted } from '../../report/words.ts';
import type { Mask, TraceEvent } from '../../trace/model.ts';
import { Redactor } from '../../trace/redaction.ts';
import type { TraceSource } from '../../trace/stream.ts';
import { bytesOfHex, commandNameOf } from './hex-template.ts';
import { type LearntRule, learn } from './learn.ts';
import { loadSession, type RecordedSession } from './recorded-session.ts';
import { openTraceFile } from './trace-file.ts';

export interface SynthOptions {
  readonly traces: readonly string[];
  /** null: standard output. */
  readonly out: string | null;
  readonly from: string | null;
  readonly keepSecrets: boolean;
}

/** `vitap synth`: learns a card from traces and writes it as rules. */
export async function synth(options: SynthOptions, io: CommandIo): Promise<ExitCode> {
  if (options.out === null && io.json) throw new CannotRun('--json needs -o FILE: without it the rules are printed');
  const sessions: RecordedSession[] = [];
  let cardInterface: string | null = null;
  for (const path of options.traces) {
    const opened = await openTraceFile(path, options.from);
    try {
      const { header } = opened.source;
      const session = await loadSession(options.keepSecrets ? opened.source : redacted(opened.source));
      if (session.exchanges.length === 0) {
        throw new CannotRun(session.problem ?? `${path} has no commands with answers to learn from`);
      }
      if (session.problem !== null) io.stderr(`vitap: ${shown(session.problem)}; learnt from what comes before\n`);
      if (session.maskedBytes > 0) {
        io.stderr(`vitap: ${shown(path)}: ${session.maskedBytes} masked bytes become the digit 0 in answers\n`);
      }
      sessions.push(session);
      if (header.interface !== 'wired') cardInterface ??= header.interface;
    } finally {
      await opened.close();
    }
  }
  const rules = learn(sessions);
  const text = asYaml(rules, options.traces, sessions.find(({ atr }) => atr !== null)?.atr ?? null, cardInterface);
  if (options.out === null) io.stdout(text);
  else replaceFile(options.out, [new TextEncoder().encode(text)]);
  const exchanges = sessions.reduce((sum, session) => sum + session.exchanges.length, 0);
  const conditional = rules.filter(({ states }) => states !== null).length;
  const uncertain = rules.filter(({ remark }) => remark?.startsWith('seen with') === true).length;
  if (options.out !== null && io.json) {
    writeJson(io, {
      id: 'synth',
      verdict: 'pass',
      out: options.out,
      exchanges,
      rules: rules.length,
      conditional,
      uncertain,
    });
  } else {
    const doubt = uncertain > 0 ? `; ${uncertain} to look at (marked in the file)` : '';
    io.stderr(
      `${counted(rules.length, 'rule')} from ${counted(exchanges, 'exchange')}, ${conditional} of them for a state${doubt}\n`,
    );
  }
  return EXIT.pass;
}

/** A rule file may be given away like a trace: the same secrets are masked. */
function redacted(source: TraceSource): TraceSource {
  const redactor = new Redactor();
  return {
    header: source.header,
    async *events() {
      for await (const event of source.events()) yield redactEvent(event, redactor);
    },
  };
}

function redactEvent(event: TraceEvent, redactor: Redactor): TraceEvent {
  if (event.type !== 'command' && event.type !== 'response') return event;
  const bytes = bytesOfHex(event.apdu);
  const found = event.type === 'command' ? redactor.command(bytes) : redactor.response(bytes);
  if (found.length === 0) return event;
  let { apdu } = event;
  for (const { offset, length } of found) {
    apdu = apdu.slice(0, 2 * offset) + 'XX'.repeat(length) + apdu.slice(2 * (offset + length));
  }
  return { ...event, apdu, masks: masksOf(apdu, found[0]?.what ?? 'code') };
}

function masksOf(hex: string, what: Mask['what']): readonly Mask[] {
  return [...hex.matchAll(/(?:XX)+/g)].map(({ index, 0: run }) => ({
    offset: index / 2,
    length: run.length / 2,
    what,
  }));
}

function asYaml(
  rules: readonly LearntRule[],
  traces: readonly string[],
  atr: string | null,
  cardInterface: string | null,
): string {
  const lines = [
    `# What a card answers, learnt by vitap synth from ${traces.join(', ')}.`,
    '# X stands for any digit, a last * for any more bytes; docs/replay.md describes the language.',
    'version: 1',
    'card:',
    ...(atr === null ? [] : [`  atr: ${atr}`]),
    ...(cardInterface === null ? [] : [`  interface: ${cardInterface}`]),
    '  otherwise: 6D00',
    '  answers:',
  ];
  for (const rule of rules) {
    if (rule.remark !== null) lines.push(`    # ${rule.remark}`);
    lines.push(`    - name: ${commandNameOf(rule.command)}`);
    lines.push(`      command: ${rule.command}`);
    if (rule.states !== null)
      lines.push(
        `      in: ${rule.states.length === 1 ? quote(rule.states[0]!) : `[${rule.states.map(quote).join(', ')}]`}`,
      );
    if (rule.random !== null) {
      lines.push(`      compute: {challenge: {plug: random, length: '${rule.random.length}'}}`);
      lines.push(`      answer: '{challenge}${rule.random.status}'`);
    } else if (rule.answers.length === 1) lines.push(`      answer: ${rule.answers[0]}`);
    else lines.push('      answer:', ...rule.answers.map((answer) => `        - ${answer}`));
    if (rule.next !== null) lines.push(`      next: ${quote(rule.next)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** States hold characters that mean something in YAML. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
