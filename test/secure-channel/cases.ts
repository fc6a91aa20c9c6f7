/**
 * Vitest for the tests over known answers. wrong-bit.test.ts puts something else in its place, which runs the same tests
 * over vectors with one wrong bit.
 */
export { describe, expect, it } from 'vitest';
