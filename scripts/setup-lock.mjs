import { linkSync, mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A guard is held for the time of three file calls; one older than this was left by a process that died in them. */
const GUARD_STALE_MS = 10_000;

/**
 * Takes a lock file for this process, waiting while another living process holds it.
 * @param onWait told once, with the holder's process number
 * @returns a function that gives it back
 */
export async function takeLock(path, onWait) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  let said = false;
  try {
    for (;;) {
      // A link is made with its content or not at all: nobody ever reads an empty lock.
      if (linkIsNew(mine, path)) return () => remove(path);
      const holder = readHolder(path);
      if (holder !== null && !isAlive(holder)) clearStale(path, holder);
      else if (holder !== null && !said) {
        said = true;
        onWait(holder);
      }
      await sleep(200);
    }
  } finally {
    remove(mine);
  }
}

function linkIsNew(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path) {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Only one process at a time may clear, and only while the dead one's name still stands in the lock. */
function clearStale(path, deadPid) {
  const guard = `${path}.clearing`;
  try {
    mkdirSync(guard);
  } catch {
    try {
      if (Date.now() - statSync(guard).mtimeMs > GUARD_STALE_MS) rmdirSync(guard);
    } catch {
      // Another process was faster.
    }
    return;
  }
  try {
    if (readHolder(path) === deadPid) remove(path);
  } finally {
    rmdirSync(guard);
  }
}

function remove(path) {
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
}
