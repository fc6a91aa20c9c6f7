import { describe, expect, it } from 'vitest';
import { ageOn, isCalendarDate, isWithin, yearsLater } from '../../../src/applet/vitale/index.ts';

describe('ages', () => {
  it.each([
    ['19751231', '20251230', 49],
    ['19751231', '20251231', 50],
    ['20090714', '20251201', 16],
    // Lunar dates: a month over 12 counts as 12.
    ['19751331', '20251230', 49],
    ['19759931', '20251231', 50],
    // Unknown month or day counts as the first.
    ['19750000', '20250101', 50],
    ['19750600', '20250531', 49],
    ['20000229', '20250228', 24],
    ['20000229', '20250301', 25],
    ['20260101', '20251231', null],
    ['20251231', '20251231', 0],
    ['1975123', '20251231', null],
    ['19751231', 'today', null],
  ])('%s on %s: %s', (birth, today, age) => expect(ageOn(birth, today)).toBe(age));
});

describe('days', () => {
  it.each([
    ['20240229', true],
    ['20230229', false],
    ['19000229', false],
    ['20000229', true],
    ['20240431', false],
    ['20241331', false],
    ['20240001', false],
    ['20240100', false],
    ['2024010', false],
    ['2024-1-1', false],
  ])('%s is in the calendar: %s', (date, is) => expect(isCalendarDate(date)).toBe(is));

  it.each([
    ['20231231', false],
    ['20240101', true],
    ['20241231', true],
    ['20250101', false],
  ])('%s lies in 2024: %s', (day, is) => expect(isWithin({ start: '20240101', end: '20241231' }, day)).toBe(is));

  it('an open period has no end', () => expect(isWithin({ start: '20240101', end: null }, '99991231')).toBe(true));

  it.each([
    ['20240102', 10, '20340102'],
    ['20240229', 10, '20340228'],
    ['20240229', 4, '20280229'],
  ])('%s and %i years: %s', (date, years, later) => expect(yearsLater(date, years)).toBe(later));
});
