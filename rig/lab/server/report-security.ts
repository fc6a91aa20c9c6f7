import { SHEET_STYLE } from '../../board/sheet-style.ts';
import { VIEWER_SCRIPT } from '../../judge/replay/report/script.ts';
import { VIEWER_STYLE } from '../../judge/replay/report/style.ts';
import { hashOf } from '../../report/page.ts';
import { STYLE } from '../../report/style.ts';
import type { ContentSecurity } from '../../web/headers.ts';

/**
 * What the lab's page may do besides: show a report that it made itself of a run's data, in a frame of its own origin's
 * `blob:`. Such a frame has the policy of its page, so the page names the styles and the one program of reports by hash.
 */
export function reportSecurity(): ContentSecurity {
  const styles = [STYLE, STYLE + VIEWER_STYLE, STYLE + SHEET_STYLE].map(hashOf);
  return {
    'script-src': `'self' ${hashOf(VIEWER_SCRIPT)}`,
    'style-src': `'self' ${styles.join(' ')}`,
    'frame-src': 'blob:',
  };
}
