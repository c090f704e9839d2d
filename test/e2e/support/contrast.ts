import type { Page } from 'playwright-core';

/** A text whose colours are too near to each other. */
export interface Faint {
  readonly text: string;
  readonly ratio: number;
}

/** What the eye gets of a page: how light its ground is (0 to 1), and every shown text below WCAG's AA of 4.5 : 1. */
export async function lookAtColours(page: Page): Promise<{ ground: number; faint: readonly Faint[] }> {
  return page.evaluate(() => {
    type Colour = readonly [red: number, green: number, blue: number, alpha: number];
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('no canvas');
    /** Any CSS colour as numbers, as the browser itself paints it. */
    const paint = (css: string): Colour => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = css;
      context.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const over = (top: Colour, below: Colour): Colour => {
      const mix = (one: number, other: number): number => one * top[3] + other * (1 - top[3]);
      return [mix(top[0], below[0]), mix(top[1], below[1]), mix(top[2], below[2]), 1];
    };
    // https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    const luminance = ([red, green, blue]: Colour): number => {
      const linear = (part: number): number =>
        part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
      return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    };
    const groundOf = (element: Element | null): Colour => {
      if (element === null) return paint('Canvas');
      const own = paint(getComputedStyle(element).backgroundColor);
      return own[3] === 1 ? own : over(own, groundOf(element.parentElement));
    };
    const faint: { text: string; ratio: number }[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.nodeValue?.trim() ?? '';
      if (element === null || text === '' || !element.checkVisibility()) continue;
      const ground = groundOf(element);
      const [one, other] = [
        luminance(over(paint(getComputedStyle(element).color), ground)),
        luminance(ground),
      ];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < 4.5) faint.push({ text, ratio });
    }
    return { ground: luminance(groundOf(document.documentElement)), faint };
  });
}
