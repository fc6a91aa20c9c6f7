import { z } from 'zod';
import { Issues } from '../../card/profile/issues.ts';
import { bytes, integer, text, yesNo } from '../../card/profile/scalars.ts';
import { type Path, plain, readSource } from '../../card/profile/source.ts';
import { readInputText } from '../../console/input-file.ts';
import { parseDeviation } from './deviation.ts';
import { HexTemplate, TemplateError } from './hex-template.ts';
import { type Location, parseLocation } from './location.ts';
import { isHashName, PLUGS, plugNamed } from './plugs.ts';
import type { AnswerRule, Capture, CardRules, Computation, Range, ReplayRule, RuleSet, StatusRule } from './rules.ts';
import { shownPattern } from './rules-redaction.ts';

/** The version of the language that is read. */
export const RULES_VERSION = 1;

/**
 * A file of rules.
 * @throws {ProfileError} every fault with file, line and column
 */
export function readRules(path: string): RuleSet {
  return parseRules(readInputText(path, 'a rules file'), path);
}

/** @param name what errors call the text */
export function parseRules(source: string, name: string): RuleSet {
  const written = readSource(source, name);
  const issues = new Issues(written);
  const result = document.safeParse(plain(written), { reportInput: true });
  if (!result.success) {
    for (const issue of result.error.issues) {
      if (issue.code === 'invalid_key') issues.report(issue.path, issue.issues[0]?.message ?? issue.message);
      else issues.reportSchema(issue);
    }
    issues.throwIfAny();
    throw result.error;
  }
  const { data } = result;
  const rules = (data.rules ?? []).map((rule, i) => replayRule(rule, i, issues));
  const card = data.card === undefined ? null : cardRules(data.card, issues);
  issues.throwIfAny();
  return {
    name,
    rules,
    ignoreTags: data.ignoreTags ?? [],
    status: data.status ?? null,
    maxDeviation: data.maxDeviation ?? null,
    card,
  };
}

/** Text that `read` turns into something, or refuses in one sentence. */
function scalar<T>(read: (text: string) => T): z.ZodType<T> {
  return z.string().transform((written, context) => {
    try {
      return read(written);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      context.issues.push({ code: 'custom', message: error.message, input: written });
      return z.NEVER;
    }
  });
}

/** A single value, or a list of them. */
function listOf<T>(one: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(one));
}

const template = scalar(HexTemplate.parse);
const location = scalar(parseLocation);
const deviation = scalar(parseDeviation);
const tagPath = scalar((written) => {
  const at = parseLocation(`tag ${written}`);
  return at.what.kind === 'tag' ? at.what.path : [];
});
const status: z.ZodType<StatusRule> = scalar((written) => {
  if (written === 'same' || written === 'same-class' || written === 'any') return written;
  const patterns = written.replace(/\s+/g, '').toUpperCase().split('|');
  if (patterns.every((each) => /^[0-9A-FX]{4}$/.test(each))) return patterns;
  throw new TemplateError('a status is same, same-class, any, or four digits each as 9000|61XX');
});
const exchanges = scalar((written) =>
  written.split(',').map((part) => {
    const match = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null || from < 1 || to < from)
      throw new TemplateError('exchanges are numbered from 1, as 3 or 4-9, 12');
    return { from, to };
  }),
);
const number = scalar((written) => {
  const digits = written.replace(/\s+/g, '');
  if (/^(?:[0-9A-Fa-f]{2}){1,32}$/.test(digits)) return BigInt(`0x${digits}`);
  throw new TemplateError('a bound is bytes in hexadecimal, as 00FF');
});
const answer = scalar((written): 'same' | 'any' | HexTemplate =>
  written === 'same' || written === 'any' ? written : HexTemplate.parse(written),
);
const milliseconds = scalar((written) => {
  const match = /^(\d{1,6}(?:\.\d+)?)\s*ms$/.exec(written);
  if (match === null || Number(match[1]) > 60_000)
    throw new TemplateError('a time is milliseconds, as 12.5 ms, at most 60000');
  return Number(match[1]);
});

const capture = z.record(
  z.string().regex(/^[A-Za-z][\w-]*$/, { error: 'a name is letters, digits, - and _' }),
  // A place alone is the short form.
  z.preprocess(
    (value) => (typeof value === 'string' ? { from: value } : value),
    z.strictObject({ from: location, follow: yesNo.optional() }),
  ),
);
const compute = z.record(
  z.string().regex(/^[A-Za-z][\w-]*$/, { error: 'a name is letters, digits, - and _' }),
  z.record(z.string(), z.string()),
);

const ruleSchema = z.strictObject({
  name: text.optional(),
  exchanges: exchanges.optional(),
  command: template.optional(),
  send: template.optional(),
  answer: answer.optional(),
  status: status.optional(),
  mask: listOf(location).optional(),
  ignoreTags: listOf(tagPath).optional(),
  ranges: z.array(z.strictObject({ at: location, from: number, to: number })).optional(),
  capture: capture.optional(),
  compute: compute.optional(),
  maxDeviation: deviation.optional(),
  retries: integer(0, 100).optional(),
  skip: yesNo.optional(),
});

const answerSchema = z.strictObject({
  name: text.optional(),
  command: template,
  in: listOf(text).optional(),
  answer: listOf(template),
  next: text.optional(),
  capture: capture.optional(),
  compute: compute.optional(),
  check: z.strictObject({ at: location, value: template, otherwise: template }).optional(),
  responseTime: milliseconds.optional(),
});

const cardSchema = z.strictObject({
  atr: bytes(2, 33).optional(),
  ats: bytes(1, 254).optional(),
  interface: z.enum(['contact', 'contactless']).optional(),
  otherwise: template.optional(),
  responseTime: milliseconds.optional(),
  answers: z.array(answerSchema),
});

const document = z.strictObject({
  version: integer(1, RULES_VERSION),
  ignoreTags: listOf(tagPath).optional(),
  status: status.optional(),
  maxDeviation: deviation.optional(),
  rules: z.array(ruleSchema).optional(),
  card: cardSchema.optional(),
});

function replayRule(rule: z.infer<typeof ruleSchema>, i: number, issues: Issues): ReplayRule {
  const at: Path = ['rules', i];
  if (rule.exchanges === undefined && rule.command === undefined) {
    issues.report(at, 'which exchanges? a rule has a `command`, or `exchanges`, or both');
  }
  if (rule.command !== undefined && rule.command.names.length > 0) {
    issues.report([...at, 'command'], 'a command is looked for in the trace: {name} has no value there');
  }
  if (typeof rule.answer === 'object') checkAnswer(rule.answer, [...at, 'answer'], issues);
  for (const { at: place } of rule.ranges ?? []) refuseCommand(place, [...at, 'ranges'], issues);
  for (const place of rule.mask ?? []) refuseCommand(place, [...at, 'mask'], issues);
  return {
    name: rule.name ?? (rule.command === undefined ? `rule ${i + 1}` : shownPattern(rule.command.text)),
    exchanges: rule.exchanges ?? null,
    command: rule.command ?? null,
    send: rule.send ?? null,
    answer: rule.answer ?? 'same',
    status: rule.status ?? null,
    mask: rule.mask ?? [],
    ignoreTags: rule.ignoreTags ?? [],
    ranges: rangesOf(rule.ranges ?? [], at, issues),
    capture: capturesOf(rule.capture ?? {}),
    compute: computationsOf(rule.compute ?? {}, at, issues),
    maxDeviation: rule.maxDeviation ?? null,
    retries: rule.retries ?? 0,
    skip: rule.skip ?? false,
  };
}

function cardRules(card: z.infer<typeof cardSchema>, issues: Issues): CardRules {
  const { otherwise } = card;
  if (otherwise !== undefined) {
    checkGiven(otherwise, ['card', 'otherwise'], issues);
    if (/[X{]/.test(otherwise.text)) issues.report(['card', 'otherwise'], 'digits alone are needed here');
  }
  return {
    atr: card.atr ?? null,
    ats: card.ats ?? null,
    interface: card.interface ?? null,
    otherwise: card.otherwise ?? null,
    responseTimeMs: card.responseTime ?? null,
    answers: card.answers.map((rule, i) => answerRule(rule, i, issues)),
  };
}

function answerRule(rule: z.infer<typeof answerSchema>, i: number, issues: Issues): AnswerRule {
  const at: Path = ['card', 'answers', i];
  for (const each of rule.answer) checkGiven(each, [...at, 'answer'], issues);
  if (rule.answer.length === 0) issues.report([...at, 'answer'], 'at least one answer is needed');
  const captures = capturesOf(rule.capture ?? {});
  for (const { name, from } of captures) {
    if (from.of !== 'command')
      issues.report([...at, 'capture', name], 'a card captures from what it is sent: `command …`');
  }
  if (rule.check !== undefined) {
    checkGiven(rule.check.otherwise, [...at, 'check', 'otherwise'], issues);
    if (rule.check.at.of !== 'command')
      issues.report([...at, 'check', 'at'], 'a card checks what it is sent: `command …`');
  }
  return {
    name: rule.name ?? shownPattern(rule.command.text),
    command: rule.command,
    states: rule.in ?? null,
    answers: rule.answer,
    next: rule.next ?? null,
    capture: captures,
    compute: computationsOf(rule.compute ?? {}, at, issues),
    check: rule.check ?? null,
    responseTimeMs: rule.responseTime ?? null,
  };
}

/** An answer has a status word at its end, unless it is open or all of it is a value. */
function checkAnswer(answer: HexTemplate, at: Path, issues: Issues): void {
  if (!answer.open && answer.names.length === 0 && answer.text.length < 4) {
    issues.report(at, 'an answer ends with its status word of two bytes');
  }
}

/** What a card answers is whole: a last * would be for a comparison. */
function checkGiven(answer: HexTemplate, at: Path, issues: Issues): void {
  checkAnswer(answer, at, issues);
  if (answer.open) issues.report(at, 'a card gives a whole answer: no *');
}

function refuseCommand(place: Location, at: Path, issues: Issues): void {
  if (place.of === 'command') issues.report(at, 'this speaks of the answer, not of the command');
}

function rangesOf(
  ranges: readonly { at: Location; from: bigint; to: bigint }[],
  at: Path,
  issues: Issues,
): readonly Range[] {
  ranges.forEach(({ from, to }, i) => {
    if (to < from) issues.report([...at, 'ranges', i], 'the range ends before it begins');
  });
  return ranges;
}

function capturesOf(captures: z.infer<typeof capture>): readonly Capture[] {
  return Object.entries(captures).map(([name, { from, follow }]) => ({ name, from, follow: follow ?? false }));
}

function computationsOf(all: z.infer<typeof compute>, above: Path, issues: Issues): readonly Computation[] {
  return Object.entries(all).flatMap(([name, { plug: plugName = '', ...parameters }]) => {
    const at: Path = [...above, 'compute', name];
    const plug = plugNamed(plugName);
    if (plug === null) {
      issues.report([...at, 'plug'], `\`plug\` is one of ${PLUGS.map((each) => each.name).join(', ')}`);
      return [];
    }
    const texts = new Map<string, string>();
    const templates = new Map<string, HexTemplate>();
    for (const [key, value] of Object.entries(parameters)) {
      const kind = plug.parameters[key]?.kind;
      if (kind === undefined) {
        issues.report([...at, key], `${plug.name} takes ${Object.keys(plug.parameters).join(', ')}`);
      } else if (kind === 'bytes' || (kind === 'key' && value.startsWith('{'))) {
        addTemplate(templates, key, value, [...at, key], issues);
      } else if (kind === 'number' && !/^\d{1,5}$/.test(value)) {
        issues.report([...at, key], 'a number of bytes is needed here');
      } else if (kind === 'hash' && !isHashName(value)) {
        issues.report([...at, key], 'a hash is sha-1, sha-224, sha-256, sha-384 or sha-512');
      } else {
        texts.set(key, value);
      }
    }
    for (const [key, { needed }] of Object.entries(plug.parameters)) {
      if (needed && parameters[key] === undefined) issues.report(at, `${plug.name} needs \`${key}\``);
    }
    return [{ name, plug, texts, templates }];
  });
}

function addTemplate(templates: Map<string, HexTemplate>, key: string, value: string, at: Path, issues: Issues): void {
  try {
    const parsed = HexTemplate.parse(value);
    if (parsed.open || /X/.test(parsed.text.replace(/\{[^}]*\}/g, ''))) {
      issues.report(at, 'bytes to compute with leave nothing open: no X and no *');
    } else templates.set(key, parsed);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    issues.report(at, error.message);
  }
}
