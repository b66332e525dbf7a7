// Where the modules of the page that sends leave what they have for each other. `sending.js` comes last and puts them together.
window.sending = {};
