import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { prepareEngine } from '../../rig/board/firmware/engine.ts';
import { runOnBoard } from './firmware-program.ts';
import { describeNeeds } from './real-parts.ts';

const LIMIT_MS = 300_000;
/** Reasons why the firmware cannot run one of the engine's own tests. */
const NO_PARSER = 'eval: the firmware has no parser';
const NOT_TAKEN = 'needs JSON, Proxy, Date, RegExp, WeakRef or std, which the firmware leaves out';

/** By file: what is left out, and why. All else runs. */
const LEFT_OUT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  test_language: {
    test_template_skip: NO_PARSER,
    test_regexp_skip: NOT_TAKEN,
    test_argument_scope: NO_PARSER,
    test_function_expr_name: NO_PARSER,
    test_parse_arrow_function: NO_PARSER,
    test_object_literal: NOT_TAKEN,
    test_optional_chaining: NOT_TAKEN,
  },
  test_closure: { test_arrow_function: NO_PARSER, test_with: NO_PARSER, test_eval_closure: NO_PARSER },
  test_loop: { test_for_in_proxy: NOT_TAKEN },
  test_bigint: {},
  test_builtin: {
    test_function: NO_PARSER,
    test_string: NO_PARSER,
    test_eval: NO_PARSER,
    test_line_column_numbers: NO_PARSER,
    test_json: NOT_TAKEN,
    test_date: NOT_TAKEN,
    test_regexp: NOT_TAKEN,
    test_weak_map: NOT_TAKEN,
    test_weak_map_cycles: NOT_TAKEN,
    test_weak_ref: NOT_TAKEN,
    test_finalization_registry: NOT_TAKEN,
  },
};

/** The engine's tests end in a list of calls; each becomes a check. */
function asChecks(text: string, leftOut: Readonly<Record<string, string>>): { script: string; names: string[] } {
  const names: string[] = [];
  const script = text.replace(/^(test\w*)\(\);$/gm, (_, name: string) => {
    if (leftOut[name] !== undefined) return '';
    names.push(name);
    return `check('${name}', function () { ${name}(); });`;
  });
  return { script, names };
}

describeNeeds(['firmware'], 'the engine on the target', () => {
  it.each(Object.keys(LEFT_OUT))(
    '%s, its own',
    async (name) => {
      const engine = await prepareEngine(new AbortController().signal, () => {});
      const text = readFileSync(join(engine.folder, 'tests', `${name}.js`), 'utf8');
      const { script, names } = asChecks(text, LEFT_OUT[name] as Record<string, string>);
      expect(names.length).toBeGreaterThan(2);
      expect(await runOnBoard(script)).toEqual(names.map((each) => `ok ${each}`));
    },
    LIMIT_MS,
  );
});
