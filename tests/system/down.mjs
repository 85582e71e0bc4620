// Run after the last file of system tests: takes their instance down at once.
import { down } from '../tools/instance.mjs';

await down();
