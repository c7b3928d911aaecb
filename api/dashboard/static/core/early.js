// Before the first paint: the theme that was chosen last, so that nothing flashes.
document.documentElement.dataset.theme = localStorage.getItem('theme') === 'light' ? 'light' : 'dark';
