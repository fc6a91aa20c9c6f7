import { describe, expect, it } from 'vitest';
import { formatEuros, organismName, parseEuros, qualityName, regimeName } from '../../../src/applet/vitale/index.ts';

describe('names', () => {
  it.each([
    ['01', 'régime général'],
    ['02', 'régime agricole (MSA)'],
    ['91', 'MGEN'],
    ['11', null],
    ['', null],
    ['toString', null],
  ])('régime %s: %s', (code, name) => expect(regimeName(code)).toBe(name));

  it.each([
    [0, 'insured'],
    [2, 'spouse'],
    [6, 'child'],
    [7, null],
    [9, 'other dependant'],
    [10, null],
  ])('quality %i: %s', (code, name) => expect(qualityName(code)).toBe(name));

  it.each([
    ['01', '999', '0001', 'GIE SESAM-Vitale (test)'],
    ['02', '999', '0001', null],
    ['01', '349', '0000', 'CNDA (test)'],
    ['01', '751', '0349', 'CNDA (test)'],
    ['01', '751', '0000', null],
  ])('organism %s %s %s: %s', (regime, caisse, centre, name) => {
    expect(organismName({ regime, caisse, centre, codeGestion: '10' })).toBe(name);
  });
});

describe('euros', () => {
  it.each([
    [0, '0,00 €'],
    [5, '0,05 €'],
    [123_456, '1 234,56 €'],
    [99_999, '999,99 €'],
    [100_000_000, '1 000 000,00 €'],
    [4_294_967_295, '42 949 672,95 €'],
    [-2_350, '-23,50 €'],
  ])('%i cents: %s', (cents, text) => expect(formatEuros(cents)).toBe(text));

  it.each([
    ['26.50', 2650],
    ['0.00', 0],
    ['0.05', 5],
    ['42949672.95', 4_294_967_295],
    ['42949672.96', null],
    ['26.5', null],
    ['26,50', null],
    ['26', null],
    ['-1.00', null],
    ['026.50', null],
    ['1e2.00', null],
  ])('%s: %s', (text, cents) => expect(parseEuros(text)).toBe(cents));
});
