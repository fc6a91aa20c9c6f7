import { expect, it } from 'vitest';
import {
  READING_WARNINGS,
  type ReadingWarning,
  readWarning,
  warningWords,
} from '../../../../rig/life/counter/warnings.ts';

const VALUES = { problem: 'http://127.0.0.1:1 cannot be reached', age: 90, limit: 60, name: 'status: a (file).cwt' };

it.each(Object.keys(READING_WARNINGS) as ReadingWarning[])('%s is found again by its sentence', (code) => {
  const sentence = warningWords(code, VALUES);
  expect(sentence).not.toMatch(/[{}]/);
  const read = readWarning(sentence);
  expect(read?.code).toBe(code);
  for (const [name, value] of Object.entries(read?.values ?? {})) {
    expect(String(value)).toBe(String(VALUES[name as keyof typeof VALUES]));
  }
});

it('another sentence is none of them', () => {
  expect(readWarning('the moon is full')).toBeNull();
});
