/** Chromium without an installation: @sparticuz/chromium carries it, compressed, and unpacks it to /tmp once. */
import type { Browser } from 'playwright-core';
import { chromium as playwright } from 'playwright-core';

/**
 * Flags of that package which are for its cloud, not for us: in one process a crashed page takes the browser along,
 * and without web security the editor could do what it cannot do for users.
 */
const NOT_OURS = new Set([
  '--single-process',
  '--disable-web-security',
  '--allow-running-insecure-content',
  // An emulated GPU draws each picture of the editor in seconds; without any, it takes a tenth of that.
  '--ignore-gpu-blocklist',
  '--in-process-gpu',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
]);

/** @throws when a library is missing that Chromium needs; the message names it. */
export async function launchChromium(): Promise<Browser> {
  const { default: bundled } = await import('@sparticuz/chromium');
  return playwright.launch({
    executablePath: await bundled.executablePath(),
    args: [
      ...bundled.args.filter((flag) => !NOT_OURS.has(flag)),
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
    ],
    headless: true,
  });
}
