import { expect, test } from 'vitest';
import { testFileFinder } from '../../../src/core/test-file.ts';

const files = [
  'test/cart.test.ts',
  'test/shop/cart.test.ts',
  'tests/shop/test_cart.py',
  'src/test/java/com/acme/CartTest.java',
  'src/test/java/com/acme/other/CartTest.java',
];
const find = testFileFinder(files);

test.each([
  ['a path as it is listed', { file: 'test/cart.test.ts', suite: 'cart' }, 'test/cart.test.ts'],
  ['one from here', { file: './test/cart.test.ts', suite: '' }, 'test/cart.test.ts'],
  ['one from the root', { file: '/app/test/shop/cart.test.ts', suite: '' }, 'test/shop/cart.test.ts'],
  ['one of Windows', { file: 'test\\cart.test.ts', suite: '' }, 'test/cart.test.ts'],
  ['one from a folder below', { file: 'shop/cart.test.ts', suite: '' }, 'test/shop/cart.test.ts'],
  ['a suite that is a path', { file: null, suite: 'test/shop/cart.test.ts' }, 'test/shop/cart.test.ts'],
  [
    'a module and class of Python',
    { file: null, suite: 'tests.shop.test_cart.TestCart' },
    'tests/shop/test_cart.py',
  ],
  ['a class of Java', { file: null, suite: 'com.acme.CartTest' }, 'src/test/java/com/acme/CartTest.java'],
  [
    'a class within it',
    { file: null, suite: 'com.acme.other.CartTest$Empty' },
    'src/test/java/com/acme/other/CartTest.java',
  ],
  [
    'the suite, where the place is not in a test',
    { file: 'src/cart.ts', suite: 'test/cart.test.ts' },
    'test/cart.test.ts',
  ],
])('%s names its file', (_, told, file) => {
  expect(find(told)).toBe(file);
});

test.each([
  ['a name that several files have', { file: 'cart.test.ts', suite: '' }],
  ['a class that several packages have', { file: null, suite: 'CartTest' }],
  ['words', { file: null, suite: 'the cart. It adds' }],
  ['nothing', { file: null, suite: '' }],
])('%s names none', (_, told) => {
  expect(find(told)).toBeNull();
});

test.each([
  ['an end that several have', { file: 'tests.py', suite: '' }, null],
  ['a path among them', { file: '/app/p77/tests.py', suite: '' }, 'p77/tests.py'],
  ['a module among them', { file: null, suite: 'app.p77.tests.TestCart' }, 'p77/tests.py'],
  ['an own name in another folder', { file: null, suite: 'other.tests.TestCart' }, null],
])('%s is found at once among thousands of the same name', (_, told, file) => {
  const thousands = testFileFinder(Array.from({ length: 10_000 }, (_, index) => `p${index}/tests.py`));
  expect(thousands(told)).toBe(file);
});

test('thousands of tests are told apart among thousands of files of the same name in seconds', () => {
  const thousands = testFileFinder(Array.from({ length: 10_000 }, (_, index) => `p${index}/tests.py`));
  const begun = performance.now();
  const found = Array.from({ length: 20_000 }, (_, index) =>
    thousands({ file: `${index}/tests.py`, suite: `x${index}${'.tests'.repeat(40)}` }),
  );
  expect(new Set(found)).toEqual(new Set([null]));
  expect(performance.now() - begun).toBeLessThan(10_000);
}, 60_000);
